{{ config(description='features outside the range that the contract gives them') }}

with

upcoming as (

    select * from {{ ref('ml_game_features') }}

),

history as (

    select * from {{ ref('ml_game_features_history') }}

),

sides as (

    {% for features in ['upcoming', 'history'] %}
        {% set outer_loop = loop %}
        {% for side in ['home', 'away'] %}
            select
                game_date,
                {{ side }}_team as team,
                {{ side }}_team_rank as team_rank,
                {{ side }}_days_rest as days_rest,
                {{ side }}_team_win_pct as win_pct,
                {{ side }}_team_win_pct_last10 as win_pct_last10,
                {{ side }}_is_top_players as is_top_players
            from {{ features }}
            {% if not (loop.last and outer_loop.last) %} union all {% endif %}
        {% endfor %}
    {% endfor %}

),

out_of_range as (

    select * from sides
    where
        team_rank not between 1 and 15
        or days_rest not between 0 and 4
        or win_pct not between 0 and 1
        or win_pct_last10 not between 0 and 1
        or is_top_players not between 0 and 2

)

select * from out_of_range
