{#- The instant everything is known at: the variable `as_of`, never the server's clock. -#}
{% macro as_of() -%}
    '{{ var("as_of") }}'::timestamptz
{%- endmacro %}

{#- "Today": the US/Eastern calendar date of `as_of`. -#}
{% macro today() -%}
    ({{ as_of() }} at time zone 'America/New_York')::date
{%- endmacro %}

{#- The instant at which Eastern clocks show `clock` on the date `day`. -#}
{% macro eastern_instant(day, clock) -%}
    (({{ day }} + time '{{ clock }}') at time zone 'America/New_York')
{%- endmacro %}
