-- The view that consumers of existing pipelines read: today's slate, in league time.
create view gold.nba_predictions as
select
    game_date,
    home_team,
    round(home_moneyline)::bigint as home_team_odds,
    home_team_predicted_win_pct,
    away_team,
    round(away_moneyline)::bigint as away_team_odds,
    away_team_predicted_win_pct
from gold.ml_game_predictions
where
    game_date = (now() at time zone 'America/New_York')::date
    and withdrawn_at is null;
