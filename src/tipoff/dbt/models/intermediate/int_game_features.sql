with

games as (

    select * from {{ ref('stg_bronze__games') }}

),

team_games as (

    select * from {{ ref('int_team_games') }}

),

availability as (

    select * from {{ ref('int_availability') }}

),

prices as (

    select * from {{ ref('int_latest_prices') }}

),

paired as (

    select
        games.game_date,
        games.home_team,
        games.away_team,
        games.game_id,
        games.tip_off_at,
        games.season,
        games.game_type,
        games.has_started,
        games.home_pts > games.away_pts as home_won,
        home.features_as_of as as_of,
        {% for side in ['home', 'away'] %}
            {{ side }}.conference_rank as {{ side }}_team_rank,
            {{ side }}.days_rest as {{ side }}_days_rest,
            {{ side }}.avg_pts_scored as {{ side }}_team_avg_pts_scored,
            {{ side }}.avg_pts_scored_opp as {{ side }}_team_avg_pts_scored_opp,
            {{ side }}.win_pct as {{ side }}_team_win_pct,
            {{ side }}.win_pct_last10 as {{ side }}_team_win_pct_last10,
            {{ side }}_players.is_top_players as {{ side }}_is_top_players,
            prices.{{ side }}_moneyline,
        {% endfor %}
        case
            when 'none' in (home_players.availability_source, away_players.availability_source) then 'none'
            when 'box score' in (home_players.availability_source, away_players.availability_source) then 'box score'
            else 'report'
        end as availability_source
    from games
    inner join team_games as home
        on
            games.game_date = home.game_date
            and games.home_team = home.team
            and games.away_team = home.opponent
    inner join team_games as away
        on
            games.game_date = away.game_date
            and games.away_team = away.team
            and games.home_team = away.opponent
    inner join availability as home_players
        on
            games.game_date = home_players.game_date
            and games.home_team = home_players.team
            and games.away_team = home_players.opponent
    inner join availability as away_players
        on
            games.game_date = away_players.game_date
            and games.away_team = away_players.team
            and games.home_team = away_players.opponent
    left join prices
        on
            games.game_date = prices.game_date
            and games.home_team = prices.home_team
            and games.away_team = prices.away_team

)

select * from paired
