{{ config(description='games of the coming days, or with a known result, that have no row of features') }}

with

games as (

    select * from {{ ref('stg_bronze__games') }}

),

upcoming as (

    select * from {{ ref('ml_game_features') }}

),

history as (

    select * from {{ ref('ml_game_features_history') }}

),

featured as (

    select
        game_date,
        home_team,
        away_team
    from upcoming

    union all

    select
        game_date,
        home_team,
        away_team
    from history

),

expected as (

    select
        game_date,
        home_team,
        away_team
    from games
    where
        home_pts is not null
        or (not has_started and game_date between {{ today() }} and {{ today() }} + 7)

),

missing as (

    select * from expected

    except

    select * from featured

)

select * from missing
