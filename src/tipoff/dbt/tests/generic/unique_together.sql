{#- The rows that share their values of `columns` with another row. -#}
{% test unique_together(model, columns) %}

select {{ columns | join(', ') }}, count(*) as n
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
