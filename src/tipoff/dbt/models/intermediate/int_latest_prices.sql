{{ config(indexes=[{'columns': ['game_date', 'home_team']}]) }}

with

games as (

    select * from {{ ref('stg_bronze__games') }}

),

odds as (

    select * from {{ ref('stg_bronze__odds') }}

),

latest as (

    select distinct on (games.game_date, games.home_team, games.away_team)
        games.game_date,
        games.home_team,
        games.away_team,
        odds.home_moneyline,
        odds.away_moneyline
    from games
    inner join odds
        on
            games.game_date = odds.game_date
            and games.home_team = odds.home_team
            and games.away_team = odds.away_team
    where
        odds.known_at < games.starts_at
        and odds.known_at <= {{ as_of() }}
    order by
        games.game_date asc,
        games.home_team asc,
        games.away_team asc,
        odds.known_at desc,
        odds.source asc,
        odds.timing desc

)

select * from latest
