{{ config(indexes=[{'columns': ['team', 'game_date']}]) }}

with

team_games as (

    select * from {{ ref('int_team_games') }}

),

top_players as (

    select * from {{ ref('int_top_players') }}

),

box as (

    select * from {{ ref('stg_bronze__player_box') }}

),

injuries as (

    select * from {{ ref('stg_bronze__injuries') }}

),

snapshot_sources as (

    select
        known_at,
        source,
        count(distinct team) as teams
    from injuries
    where timing = 'reported'
    group by known_at, source

),

snapshots as (

    select distinct on (known_at) *
    from snapshot_sources
    order by known_at asc, teams desc, source asc

),

-- Snapshots and the instants that features are taken at on one line of time. At the same instant the features come
-- first: a snapshot counts when it was there before.
timeline as (

    select
        known_at as instant,
        known_at as snapshot_at,
        1 as place_in_tie
    from snapshots

    union all

    select distinct
        features_as_of as instant,
        null::timestamptz as snapshot_at,
        0 as place_in_tie
    from team_games

),

latest_snapshots as (

    select
        instant,
        place_in_tie,
        max(snapshot_at) over (
            order by instant, place_in_tie rows between unbounded preceding and current row
        ) as snapshot_at
    from timeline

),

fresh_snapshots as (

    select
        latest_snapshots.instant as features_as_of,
        snapshots.known_at,
        snapshots.source,
        snapshots.teams >= 20 as is_whole
    from latest_snapshots
    inner join snapshots
        on latest_snapshots.snapshot_at = snapshots.known_at
    where
        latest_snapshots.place_in_tie = 0
        and latest_snapshots.instant - snapshots.known_at <= interval '7 days'

),

reported as (

    select
        fresh_snapshots.features_as_of,
        injuries.team,
        injuries.player_key,
        injuries.is_out
    from fresh_snapshots
    inner join injuries
        on
            fresh_snapshots.known_at = injuries.known_at
            and fresh_snapshots.source = injuries.source
    where injuries.timing = 'reported'

),

dated as (

    select distinct on (team_games.game_date, team_games.team, team_games.opponent, injuries.player_key)
        team_games.game_date,
        team_games.team,
        team_games.opponent,
        injuries.player_key,
        injuries.is_out
    from team_games
    inner join injuries
        on
            team_games.game_date = injuries.game_date
            and team_games.team = injuries.team
    where
        injuries.timing = 'date-only'
        and injuries.known_at <= team_games.features_as_of
    order by
        team_games.game_date asc,
        team_games.team asc,
        team_games.opponent asc,
        injuries.player_key asc,
        injuries.known_at desc

),

reported_teams as (

    select distinct
        features_as_of,
        team
    from reported

),

dated_teams as (

    select distinct
        game_date,
        team,
        opponent
    from dated

),

box_teams as (

    select distinct
        game_date,
        team
    from box

),

-- Out of the report are those of whom a row says so, a dated row before a snapshot's; of the box score, the unlisted.
absences as (

    select
        top_players.game_date,
        top_players.team,
        top_players.opponent,
        count(*) filter (where coalesce(dated.is_out, reported.is_out, false)) as reported_out,
        count(*) filter (where box.player_id is null) as unlisted
    from top_players
    inner join team_games
        on
            top_players.game_date = team_games.game_date
            and top_players.team = team_games.team
            and top_players.opponent = team_games.opponent
    left join dated
        on
            top_players.game_date = dated.game_date
            and top_players.team = dated.team
            and top_players.opponent = dated.opponent
            and top_players.player_key = dated.player_key
    left join reported
        on
            team_games.features_as_of = reported.features_as_of
            and top_players.team = reported.team
            and top_players.player_key = reported.player_key
    left join box
        on
            top_players.game_date = box.game_date
            and top_players.team = box.team
            and top_players.player_id = box.player_id
    group by top_players.game_date, top_players.team, top_players.opponent

),

sourced as (

    select
        team_games.game_date,
        team_games.team,
        team_games.opponent,
        absences.reported_out,
        absences.unlisted,
        case
            when dated_teams.team is not null or reported_teams.team is not null or fresh_snapshots.is_whole
                then 'report'
            when team_games.is_played and box_teams.team is not null and absences.team is not null then 'box score'
            else 'none'
        end as availability_source
    from team_games
    left join absences
        on
            team_games.game_date = absences.game_date
            and team_games.team = absences.team
            and team_games.opponent = absences.opponent
    left join fresh_snapshots
        on team_games.features_as_of = fresh_snapshots.features_as_of
    left join reported_teams
        on
            team_games.features_as_of = reported_teams.features_as_of
            and team_games.team = reported_teams.team
    left join dated_teams
        on
            team_games.game_date = dated_teams.game_date
            and team_games.team = dated_teams.team
            and team_games.opponent = dated_teams.opponent
    left join box_teams
        on
            team_games.game_date = box_teams.game_date
            and team_games.team = box_teams.team

),

counted as (

    select
        game_date,
        team,
        opponent,
        availability_source,
        (2 - case availability_source
            when 'report' then coalesce(reported_out, 0)
            when 'box score' then unlisted
            else 0
        end)::integer as is_top_players
    from sourced

)

select * from counted
