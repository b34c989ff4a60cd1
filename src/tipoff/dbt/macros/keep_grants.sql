{#-
    A rebuilt table is a new one to PostgreSQL, without the rights that were given on the old one. This post-hook runs
    before dbt drops the old one (by then `<name>__dbt_backup`) and gives the new one the same.
-#}
{% macro keep_grants() %}
do $$
declare
    was record;
begin
    for was in
        select
            entry.privilege_type,
            entry.is_grantable,
            case entry.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(entry.grantee)) end as grantee
        from pg_class as old
        cross join aclexplode(old.relacl) as entry
        where
            old.oid = to_regclass('{{ this.schema }}.{{ this.identifier }}__dbt_backup')
            and entry.grantee <> old.relowner
    loop
        execute format(
            'grant %s on {{ this }} to %s %s',
            was.privilege_type, was.grantee, case when was.is_grantable then 'with grant option' else '' end
        );
    end loop;
end
$$
{% endmacro %}
