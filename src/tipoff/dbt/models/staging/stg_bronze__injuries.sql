with

injuries as (

    select * from {{ source('bronze', 'injuries') }}

),

judged as (

    select
        known_at,
        timing,
        game_date,
        team,
        player_key,
        source,
        lower(trim(status)) in ('out', 'doubtful', 'suspension', 'suspended') as is_out
    from injuries

)

select * from judged
