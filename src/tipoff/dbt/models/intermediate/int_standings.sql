{{ config(indexes=[{'columns': ['team', 'game_date']}]) }}

with

games as (

    select * from {{ ref('stg_bronze__games') }}

),

days as (

    select * from {{ ref('int_league_days') }}

),

teams as (

    select * from {{ ref('teams') }}

),

results as (

    select
        season,
        game_date,
        home_team as team,
        home_pts > away_pts as won
    from games
    where game_type = 'regular' and home_pts is not null

    union all

    select
        season,
        game_date,
        away_team as team,
        away_pts > home_pts as won
    from games
    where game_type = 'regular' and home_pts is not null

),

-- Every team on every date, playing or not: a rank needs all of its conference.
daily as (

    select
        days.season,
        days.game_date,
        days.season_day,
        teams.team,
        teams.conference,
        count(results.team) as games,
        count(*) filter (where results.won) as wins
    from days
    cross join teams
    left join results
        on
            days.season = results.season
            and days.game_date = results.game_date
            and teams.team = results.team
    group by days.season, days.game_date, days.season_day, teams.team, teams.conference

),

before_date as (

    select
        *,
        sum(games) over earlier_dates as games_before,
        sum(wins) over earlier_dates as wins_before
    from daily
    window earlier_dates as (
        partition by season, team order by game_date
        rows between unbounded preceding and 1 preceding  -- ends before this date
    )

),

recorded as (

    select
        season,
        game_date,
        season_day,
        team,
        conference,
        coalesce(wins_before::double precision / nullif(games_before, 0), 0.5) as win_pct
    from before_date

),

ranked as (

    select
        *,
        rank() over (partition by season, game_date, conference order by win_pct desc) as conference_rank
    from recorded

)

select * from ranked
