{#- The contract names the schema: plain `silver`, without the target's prefix that dbt would add. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
