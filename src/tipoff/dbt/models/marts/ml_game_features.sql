with

games as (

    select * from {{ ref('int_game_features') }}

),

upcoming as (

    select
        game_date,
        home_team,
        away_team,
        game_id,
        tip_off_at,
        season,
        game_type,
        {% for side in ['home', 'away'] %}
            {{ side }}_team_rank,
            {{ side }}_days_rest,
            {{ side }}_team_avg_pts_scored,
            {{ side }}_team_avg_pts_scored_opp,
            {{ side }}_team_win_pct,
            {{ side }}_team_win_pct_last10,
            {{ side }}_is_top_players,
            {{ side }}_moneyline,
        {% endfor %}
        null::integer as outcome,
        availability_source,
        as_of
    from games
    where
        not has_started
        and game_date between {{ today() }} and {{ today() }} + 7

)

select * from upcoming
