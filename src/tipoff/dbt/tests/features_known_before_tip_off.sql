{{ config(description='features that look past the tip-off, or past as_of') }}

with

upcoming as (

    select * from {{ ref('ml_game_features') }}

),

history as (

    select * from {{ ref('ml_game_features_history') }}

),

games as (

    select * from {{ ref('stg_bronze__games') }}

),

features as (

    select
        game_date,
        home_team,
        away_team,
        tip_off_at,
        as_of
    from upcoming

    union all

    select
        game_date,
        home_team,
        away_team,
        tip_off_at,
        as_of
    from history

),

-- A record counts games of earlier dates: the last of their results had to be known.
results as (

    select
        game_date,
        max(max(result_known_at)) over (
            order by game_date rows between unbounded preceding and 1 preceding
        ) as known_at
    from games
    where home_pts is not null
    group by game_date

),

too_late as (

    select features.*
    from features
    left join results
        on features.game_date = results.game_date
    where
        features.as_of > coalesce(features.tip_off_at, {{ eastern_instant('features.game_date', '12:00') }})
        or features.as_of > {{ as_of() }}
        or results.known_at > features.as_of

)

select * from too_late
