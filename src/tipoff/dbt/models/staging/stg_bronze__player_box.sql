with

player_box as (

    select * from {{ source('bronze', 'player_box') }}

),

renamed as (

    select
        game_date,
        team,
        player_id,
        player_key,
        player,
        pts
    from player_box

)

select * from renamed
