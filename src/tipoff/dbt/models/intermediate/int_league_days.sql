with

games as (

    select * from {{ ref('stg_bronze__games') }}

),

days as (

    select
        season,
        season_start_year,
        game_date,
        bool_or(game_type = 'regular') as is_regular
    from games
    group by season, season_start_year, game_date

),

gaps as (

    select
        *,
        game_date - lag(game_date) over (partition by season order by game_date) as days_since_last
    from days

),

counted as (

    select
        season,
        season_start_year,
        game_date,
        is_regular,
        -- A league without a game for more than 60 days has paused, as in 2020: those days are nobody's absence.
        (
            sum(case when days_since_last <= 60 then days_since_last when days_since_last > 60 then 1 else 0 end)
                over (partition by season order by game_date)
        )::integer as season_day
    from gaps

)

select * from counted
