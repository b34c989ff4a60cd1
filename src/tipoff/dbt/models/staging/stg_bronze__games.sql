with

games as (

    select * from {{ source('bronze', 'games') }}

),

scheduled as (

    select
        game_date,
        home_team,
        away_team,
        season,
        left(season, 4)::integer as season_start_year,
        game_type,
        game_id,
        tip_off_at,
        home_pts,
        away_pts,
        coalesce(tip_off_at, {{ eastern_instant('game_date', '12:00') }}) as starts_at,
        coalesce(tip_off_at + interval '4 hours', {{ eastern_instant('game_date + 1', '06:00') }}) as result_known_at
    from games
    where status not in ('postponed', 'cancelled')

),

as_known as (

    select
        game_date,
        home_team,
        away_team,
        season,
        season_start_year,
        game_type,
        game_id,
        tip_off_at,
        starts_at,
        result_known_at,
        starts_at <= {{ as_of() }} as has_started,
        case when result_known_at <= {{ as_of() }} then home_pts end as home_pts,
        case when result_known_at <= {{ as_of() }} then away_pts end as away_pts
    from scheduled

)

select * from as_known
