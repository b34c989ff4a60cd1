-- What consumers read. The predictions table is made or adopted by predictions_table.py, before this file is applied.
create table gold.ml_prediction_log (
    log_id bigint primary key,
    game_date date not null,
    home_team text not null,
    away_team text not null,
    game_id text,
    tip_off_at timestamptz,
    season text not null,
    model_id text not null,
    variant text not null check (variant in ('anchored', 'blind')),
    p_home double precision not null check (p_home between 0 and 1),
    p_home_anchored double precision,
    p_home_blind double precision not null,
    p_home_market double precision,
    features jsonb not null,
    as_of timestamptz not null,
    predicted_at timestamptz not null,
    live boolean not null,
    in_sample boolean not null,
    run_id text not null,
    prev_hash text not null,
    row_hash text not null unique
);
comment on table gold.ml_prediction_log is
'Append-only ledger of every prediction ever made: row_hash = sha256(prev_hash || canonical JSON of the row).';
create index ml_prediction_log_game on gold.ml_prediction_log (game_date, home_team, away_team, model_id);

create function gold.refuse_ledger_change() returns trigger language plpgsql as $$
begin
    raise exception 'gold.ml_prediction_log is append-only: % is refused', tg_op
        using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete on gold.ml_prediction_log
for each row execute function gold.refuse_ledger_change();
create trigger append_only_truncate before truncate on gold.ml_prediction_log
for each statement execute function gold.refuse_ledger_change();

create table gold.ml_prediction_results (
    game_date date not null,
    home_team text not null,
    away_team text not null,
    model_id text not null,
    live boolean not null,
    in_sample boolean not null,
    season text not null,
    game_type text not null,
    variant text not null,
    p_home double precision not null,
    p_home_blind double precision not null,
    p_home_market double precision,
    home_pts integer not null,
    away_pts integer not null,
    home_won boolean not null,
    correct double precision not null,
    log_loss double precision not null,
    brier double precision not null,
    market_correct double precision,
    market_log_loss double precision,
    market_brier double precision,
    log_id bigint not null,
    run_id text not null,
    graded_at timestamptz not null,
    primary key (game_date, home_team, away_team, model_id, live)
);
comment on table gold.ml_prediction_results is
'One row per game, model and live: the official prediction beside the result. correct is 0.5 where p_home is exactly 0.5.';

create table gold.ml_accuracy_daily (
    game_date date not null,
    model_id text not null,
    live boolean not null,
    in_sample boolean not null,
    n bigint not null,
    accuracy double precision,
    log_loss double precision,
    brier double precision,
    priced_n bigint not null,
    priced_accuracy double precision,
    priced_log_loss double precision,
    priced_brier double precision,
    market_accuracy double precision,
    market_log_loss double precision,
    market_brier double precision,
    primary key (game_date, model_id, live, in_sample)
);
comment on table gold.ml_accuracy_daily is
'Regular-season figures a day; n is 0 where a correction left none. priced_ is the model where there is a price; '
'market_ the price on the same games.';

create table gold.ml_accuracy_total (
    model_id text not null,
    live boolean not null,
    in_sample boolean not null,
    first_game_date date,
    last_game_date date,
    n bigint not null,
    accuracy double precision,
    log_loss double precision,
    brier double precision,
    priced_n bigint not null,
    priced_accuracy double precision,
    priced_log_loss double precision,
    priced_brier double precision,
    market_accuracy double precision,
    market_log_loss double precision,
    market_brier double precision,
    home_accuracy double precision,
    home_log_loss double precision,
    home_brier double precision,
    primary key (model_id, live, in_sample)
);
comment on table gold.ml_accuracy_total is
'Regular-season figures over all graded games; n is 0 where a correction left none. '
'home_ is the always-home baseline on the same games.';

create table gold.ml_runs (
    run_id text primary key,
    command text not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    exit_code integer not null,
    counts jsonb not null,
    model_id text,
    as_of timestamptz,
    code_version text not null
);
comment on table gold.ml_runs is 'One row per run that wrote something.';
