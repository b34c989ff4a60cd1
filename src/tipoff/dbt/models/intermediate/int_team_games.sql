{{ config(indexes=[{'columns': ['team', 'game_date']}]) }}

with

games as (

    select * from {{ ref('stg_bronze__games') }}

),

standings as (

    select * from {{ ref('int_standings') }}

),

team_games as (

    {% for team, opponent in [('home', 'away'), ('away', 'home')] %}
        select
            game_date,
            {{ team }}_team as team,
            {{ opponent }}_team as opponent,
            season,
            season_start_year,
            game_type,
            starts_at,
            has_started,
            {{ team }}_pts as pts,
            {{ opponent }}_pts as opp_pts,
            -- Only regular games make a record; the Cup final and the play-offs do not.
            case when game_type = 'regular' then {{ team }}_pts end as record_pts,
            case when game_type = 'regular' then {{ opponent }}_pts end as record_opp_pts,
            case
                when game_type = 'regular' and {{ team }}_pts > {{ opponent }}_pts then 'W'
                when game_type = 'regular' and {{ team }}_pts < {{ opponent }}_pts then 'L'
            end as letter
        from games

        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

before_game as (

    select
        *,
        -- All games tire, also those of the coming days that have not been played yet.
        max(game_date) over earlier_dates as previous_game_date,
        avg(record_pts) over earlier_dates as avg_pts_scored,
        avg(record_opp_pts) over earlier_dates as avg_pts_scored_opp,
        -- The record as letters, oldest game first: WWL.
        string_agg(letter, '') over earlier_dates as letters
    from team_games
    window earlier_dates as (
        partition by season, team order by game_date
        range between unbounded preceding and interval '1 day' preceding  -- ends before this date
    )

),

formed as (

    select
        before_game.game_date,
        before_game.team,
        before_game.opponent,
        before_game.season,
        before_game.season_start_year,
        standings.season_day,
        before_game.game_type,
        before_game.starts_at,
        least({{ as_of() }}, before_game.starts_at) as features_as_of,
        before_game.has_started,
        before_game.pts is not null as is_played,
        standings.conference_rank,
        least(coalesce(before_game.game_date - before_game.previous_game_date - 1, 4), 4) as days_rest,
        before_game.avg_pts_scored::double precision as avg_pts_scored,
        before_game.avg_pts_scored_opp::double precision as avg_pts_scored_opp,
        standings.win_pct,
        coalesce(
            length(replace(right(before_game.letters, 10), 'L', ''))::double precision
            / nullif(least(length(before_game.letters), 10), 0),
            0.5
        ) as win_pct_last10
    from before_game
    inner join standings
        on
            before_game.season = standings.season
            and before_game.game_date = standings.game_date
            and before_game.team = standings.team

)

select * from formed
