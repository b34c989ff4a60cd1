{{ config(indexes=[{'columns': ['team', 'game_date']}]) }}

with

appearances as (

    select * from {{ ref('int_player_appearances') }}

),

team_games as (

    select * from {{ ref('int_team_games') }}

),

days as (

    select * from {{ ref('int_league_days') }}

),

player_seasons as (

    select
        player_id,
        season_start_year,
        max(games) as games,
        max(pts) as pts
    from appearances
    group by player_id, season_start_year

),

season_ends as (

    select
        season_start_year,
        max(season_day) as last_regular_day
    from days
    where is_regular
    group by season_start_year

),

-- What each appearance says of the games up to the player's next one: games and points of the season that counts,
-- as long as this season lasts and, carried, in the one after it.
figures as (

    select
        appearances.*,
        case when last_season.games >= 5 and appearances.games < 5 then last_season.games else appearances.games end
            as figure_games,
        case when last_season.games >= 5 and appearances.games < 5 then last_season.pts else appearances.pts end
            as figure_pts,
        case when appearances.games >= 5 then appearances.games else 0 end as carried_games,
        greatest(season_ends.last_regular_day - appearances.season_day, 0) as days_unseen_at_season_end
    from appearances
    left join player_seasons as last_season
        on
            appearances.player_id = last_season.player_id
            and appearances.season_start_year = last_season.season_start_year + 1
    left join season_ends
        on appearances.season_start_year = season_ends.season_start_year

),

candidates as (

    select
        team_games.game_date,
        team_games.team,
        team_games.opponent,
        figures.player_id,
        figures.player_key,
        figures.player,
        case
            when team_games.season_start_year = figures.season_start_year then figures.figure_games
            else figures.carried_games
        end as games,
        case
            when team_games.season_start_year = figures.season_start_year then figures.figure_pts
            else figures.pts
        end as pts,
        case
            when team_games.season_start_year = figures.season_start_year
                then team_games.season_day - figures.season_day
            else figures.days_unseen_at_season_end + team_games.season_day
        end as days_unseen
    from figures
    inner join team_games
        on
            figures.team = team_games.team
            and figures.game_date < team_games.game_date
            -- 60 days unseen lie within 400 calendar days even across a summer and the pause of 2020.
            and coalesce(figures.next_game_date, figures.game_date + 400) >= team_games.game_date
    where team_games.season_start_year - figures.season_start_year in (0, 1)

),

ranked as (

    select
        game_date,
        team,
        opponent,
        player_id,
        player_key,
        player,
        pts::double precision / games as points_per_game,
        row_number() over (
            partition by team, game_date, opponent
            order by pts::double precision / games desc, pts desc, player_id collate "C"
        ) as place
    from candidates
    where
        games > 0
        and days_unseen < 60

),

top_two as (

    select * from ranked
    where place <= 2

)

select * from top_two
