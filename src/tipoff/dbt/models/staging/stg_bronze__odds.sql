with

odds as (

    select * from {{ source('bronze', 'odds') }}

),

two_sided as (

    select
        game_date,
        home_team,
        away_team,
        source,
        known_at,
        timing,
        home_moneyline::numeric as home_moneyline,
        away_moneyline::numeric as away_moneyline
    from odds
    where
        home_moneyline is not null
        and away_moneyline is not null

)

select * from two_sided
