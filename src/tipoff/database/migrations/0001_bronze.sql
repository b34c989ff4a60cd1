-- What feeds and files said, as they said it; dates are US/Eastern league dates, instants are timestamptz.
create table bronze.games (
    game_date date not null,
    home_team text not null,
    away_team text not null,
    season text not null check (season ~ '^\d{4}-\d{2}$'),
    game_type text not null check (game_type in ('regular', 'play-in', 'playoff', 'cup-final')),
    home_pts integer check (home_pts >= 0),
    away_pts integer check (away_pts >= 0),
    game_id text,
    tip_off_at timestamptz,
    status text not null default 'scheduled' check (status in ('scheduled', 'final', 'postponed', 'cancelled')),
    source text not null,
    ingested_at timestamptz not null default now(),
    primary key (game_date, home_team, away_team),
    check (home_team <> away_team),
    check ((home_pts is null) = (away_pts is null))
);
comment on table bronze.games is 'One row per game: schedule and result. A game without points has not been played.';
create index games_game_id on bronze.games (game_id);

create table bronze.odds (
    game_date date not null,
    home_team text not null,
    away_team text not null,
    source text not null,
    known_at timestamptz not null,
    timing text not null check (timing in ('quoted', 'date-only')),
    home_moneyline double precision,
    away_moneyline double precision,
    spread double precision,
    quote_kind text,
    ingested_at timestamptz not null default now(),
    primary key (game_date, home_team, away_team, source, known_at, timing)
);
comment on table bronze.odds is
'Append-only moneylines. known_at is the quote''s instant, or 00:00 Eastern of its date where timing is date-only.';

create table bronze.player_box (
    game_date date not null,
    team text not null,
    player_id text not null,
    season text not null,
    player text not null,
    player_key text not null,
    minutes double precision,
    pts integer not null,
    reb integer,
    ast integer,
    stl integer,
    blk integer,
    tov integer,
    plus_minus integer,
    source text not null,
    ingested_at timestamptz not null default now(),
    primary key (game_date, team, player_id)
);
comment on table bronze.player_box is
'One line per player who was on the floor. player_key is the name without case, accents, dots and suffixes.';

create table bronze.injuries (
    known_at timestamptz not null,
    timing text not null check (timing in ('reported', 'date-only')),
    game_date date,
    team text not null,
    player text not null,
    player_key text not null,
    status text not null,
    source text not null,
    ingested_at timestamptz not null default now(),
    primary key (known_at, timing, team, player_key),
    check ((timing = 'date-only') = (game_date is not null))
);
comment on table bronze.injuries is
'Append-only. timing reported: a row of the league-wide snapshot taken at known_at; date-only: holds for game_date alone.';

create table bronze.published_forecasts (
    game_date date not null,
    home_team text not null,
    away_team text not null,
    peer text not null,
    p_home double precision not null check (p_home between 0 and 1),
    source text not null,
    ingested_at timestamptz not null default now(),
    primary key (game_date, home_team, away_team, peer)
);
comment on table bronze.published_forecasts is 'What others said before the game, graded beside ours on the same games.';
