{{ config(indexes=[{'columns': ['player_id', 'season_start_year']}]) }}

with

box as (

    select * from {{ ref('stg_bronze__player_box') }}

),

team_games as (

    select * from {{ ref('int_team_games') }}

),

appearances as (

    select
        box.player_id,
        box.player_key,
        box.player,
        box.team,
        box.game_date,
        team_games.season_start_year,
        team_games.season_day,
        lead(box.game_date) over (partition by box.player_id order by box.game_date) as next_game_date,
        count(*) filter (where team_games.game_type = 'regular') over season_so_far as games,
        sum(box.pts) filter (where team_games.game_type = 'regular') over season_so_far as pts
    from box
    inner join team_games
        on
            box.team = team_games.team
            and box.game_date = team_games.game_date
    where team_games.is_played
    window season_so_far as (
        partition by box.player_id, team_games.season_start_year order by box.game_date
    )

)

select * from appearances
