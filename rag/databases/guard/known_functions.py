"""The functions that an allow list names unless its owner says otherwise.

Each reads nothing but its arguments and the clock, changes nothing, and makes no value much larger than its arguments.
"""

from rag.databases.guard.allowed import SqlDialect, words

_COMMON = words(
    """abs avg case cast ceiling coalesce concat concat_ws count cume_dist current_timestamp dense_rank exists exp
first_value floor greatest lag last_value lead least left lower ltrim max min nth_value ntile nullif percent_rank power
rank replace right round row_number rtrim sign sqrt sum trim upper"""
)

KNOWN_FUNCTIONS = {
    SqlDialect.POSTGRES: _COMMON
    | words("""age array array_agg array_length array_position bool_and bool_or btrim cardinality ceil char_length
        character_length corr covar_pop covar_samp current_date current_time date date_bin date_part date_trunc div
        every extract generate_series grouping initcap jsonb_array_length jsonb_extract_path_text jsonb_typeof
        json_array_length json_extract_path_text json_typeof length ln localtime localtimestamp log lpad make_date
        make_interval make_timestamp mod mode now octet_length percentile_cont percentile_disc position
        regexp_replace reverse rpad split_part starts_with statement_timestamp stddev stddev_pop stddev_samp string_agg
        strpos substr substring to_char to_date to_number to_timestamp trunc unnest var_pop var_samp variance
        width_bucket"""),
    SqlDialect.MYSQL: _COMMON
    | words("""adddate bit_length ceil char_length character_length convert convert_tz curdate current_date current_time
        curtime date date_add date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear elt extract field
        find_in_set format from_days from_unixtime group_concat hour if ifnull instr isnull json_contains json_extract
        json_length json_table json_type json_unquote json_value last_day lcase length ln locate localtime
        localtimestamp log log10 log2 lpad makedate maketime mid microsecond minute mod month monthname now octet_length
        period_add period_diff position pow quarter regexp_replace regexp_substr reverse rpad sec_to_time second std
        stddev stddev_pop stddev_samp str_to_date strcmp subdate substr substring substring_index time time_format
        time_to_sec timediff timestamp timestampadd timestampdiff to_days to_seconds truncate ucase unix_timestamp
        utc_date utc_time utc_timestamp var_pop var_samp variance week weekday weekofyear year yearweek"""),
    SqlDialect.TSQL: _COMMON
    | words("""charindex checksum_agg choose convert count_big current_date date_bucket dateadd datediff datediff_big
        datefromparts datename datepart datetime2fromparts datetimefromparts datetrunc day eomonth format getdate
        getutcdate grouping grouping_id iif isdate isjson isnull isnumeric json_query json_value len log log10 month
        nchar openjson patindex percentile_cont percentile_disc reverse square stdev stdevp string_agg stuff substring
        switchoffset sysdatetime sysdatetimeoffset sysutcdatetime todatetimeoffset translate try_cast try_convert var
        varp year"""),
}
