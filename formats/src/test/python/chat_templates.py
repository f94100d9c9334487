"""Records what transformers 5.18 (with Jinja2 3.1) makes of templates: short ones, a construct each, and chat templates with
the constructs of those that models come with.

    python chat_templates.py src/test/resources/chat/templates.json

Run from formats/. Jinja2 and transformers are enough.
"""

import datetime
import json
import re
import sys

from transformers.utils import chat_template_utils

VALUES = {
    "text": "  Straße, naïve “x” <b>&'\"</b> 🚀\n\tzwei  \n",
    "word": "Nightshift",
    "empty": "",
    "numbers": [3, 1, 2.5, -7, 10 ** 20, 1e22, 1.5e-7, 0.1, 100000.0, 1e16, 123456789.123],
    "names": ["b", "A", "c", "a", "B"],
    "truth": [True, False, None],
    "nested": {"b": [1, {"x": None}], "A": "é\u2028\u007f", "items": "shadowed", "a": {}, "e": []},
    "people": [{"name": "Ada", "age": 36, "role": "x"}, {"name": "bob", "age": 7}, {"name": "Cy", "age": 36, "role": "y"}],
    "nothing": None,
    "zero": 0,
}

SNIPPETS = [
    # Output, white space
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  {%- if true -%}\n  b\n  {%- endif %}\nc\n\n",
    "x  {%+ if true %}y{% endif +%}\nz", "{{ 1 -}}  \n 2 {{- 3 }}\n\n4", "{# c #}\na {#- d -#} b\n  {# e #}\nf",
    "{% raw %}{{ x }}{% if %}{% endraw %}\n!", "{%- raw -%}  {{ y }}  {%- endraw -%}  z", "  {% set x = 1 %}  {{ x }}\r\nb\r",
    "{{ '{{' }}{{ \"%}\" }}", "{%if zero%}a{%elif not zero%}b{%else%}c{%endif%}", "\u00a0{%- if 1 %}x\u2003{%- endif %}",
    "a{% if true %}\n\n{% endif %}b", "{% for x in [1,2] %}\n{{ x }}\n{% endfor %}\n",
    # Values as text
    "{{ numbers }}", "{{ truth }} {{ none }} {{ true }} {{ nothing }}", "{{ nested }}", "{{ names | join(', ') }}",
    "{{ (1, 'a') }} {{ (1,) }} {{ () }} {{ [] }} {{ {} }}", "{{ 'it\\'s' }} {{ ['it\\'s', \"q\\\"\", 'both\\'\"', 'n\\n\\t\\\\'] }}",
    "{{ 1.0 }} {{ 1e3 }} {{ 2.50 }} {{ 1_000 }} {{ 0.1 + 0.2 }} {{ -0.0 }} {{ 1e100 }} {{ 5e-324 }} {{ 123456789012345680.0 }}",
    "{{ '\\x41\\u00e9\\U0001F680\\101\\d' 'joined' }}", "{{ ['\\x00\\u200b\\xad', 'é', '🚀', '\\u3000'] }}",
    "{{ missing }}|{{ missing is defined }}|{{ nested.missing }}|{{ nested['q'] }}|{{ word.foo }}|{{ word[99] }}|{{ nothing.x }}",
    # Arithmetic
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2 * 3 + 1 }} {{ 1 - 2 - 3 }} {{ -zero }} {{ true + 1 }}",
    "{{ 'a' * 3 }}{{ 2 * 'b' }} {{ [1] + [2, 3] }} {{ [0] * 2 }}", "{{ 1 ~ 'a' ~ none ~ missing ~ 2.0 }}", "{{ 'a' ~ 1 + 1 }}", "{{ 1 if 1 if 0 else 3 else 4 }}",
    "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 'a' < 'b' }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' != 'b' }} {{ [1, 2] == [1, 2.0] }}",
    "{{ 'a' in 'cat' }} {{ 'x' not in names }} {{ 'b' in nested }} {{ 1 in numbers }} {{ none in truth }} {{ 'q' in missing }}",
    "{{ not 0 }} {{ 1 and 0 }} {{ 0 or 'x' }} {{ '' or none }} {{ 1 if 0 else 2 }} {{ 'x' if 0 }}|{{ 1 if 0 else 2 if 0 else 3 }}",
    "{{ not 1 == 2 }} {{ 1 == 1 and not false or missing }} {{ (1, 2) == (1, 2) }} {{ {'a': 1} == {'a': 1.0} }}",
    # Subscripts
    "{{ names[0] }} {{ names[-1] }} {{ names[1:] }} {{ names[:-1] }} {{ names[::2] }} {{ names[::-1] }} {{ names[10:] }} {{ names[-2:9] }}",
    "{{ text[2] }}{{ text[-7] }} {{ word[2:5] }} {{ word[::-1] }} {{ text[-9:] }} {{ word[:3] }}", "{{ people.0.name }} {{ people[1]['name'] }}",
    "{{ nested.b[1].x }} {{ nested['items'] }} {{ nested.items() | list | length }} {{ nested.get('a') }} {{ nested.get('q', 5) }} {{ nested.get('q') }}",
    "{{ {'a': 1, 'b': 2}.keys() | list }} {{ {'a': 1}.values() | list }} {{ {1: 'x'}[1] }} {{ dict(a=1).a }}",
    "{% for k, v in nested.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in nested %}{{ k }}{% endfor %}",
    # Methods
    "[{{ text.strip() }}][{{ text.lstrip() }}][{{ text.rstrip() }}]{{ 'xxaxx'.strip('x') }} {{ '--a-'.lstrip('-') }} {{ 'abc'.rstrip('cb') }}",
    "{{ 'a,b,,c'.split(',') }} {{ ' a  b\t\u00a0c '.split() }} {{ 'a--b--c'.split('--', 1) }} {{ 'a--b--c'.rsplit('--', 1) }} {{ 'a'.split('x') }}",
    "{{ 'a\\nb\\r\\nc\\u2028d\\n'.splitlines() }} {{ ''.splitlines() }}", "{{ word.startswith('Ni') }} {{ word.endswith(('x', 'ft')) }} {{ word.find('t') }} {{ word.find('z') }} {{ word.rfind('t') }}",
    "{{ word.upper() }} {{ 'STRASSE ß Σας'.lower() }} {{ 'straße'.upper() }} {{ 'aBC dEF'.capitalize() }} {{ 'aaa'.count('a') }}",
    "{{ 'a-b-c'.replace('-', '+') }} {{ 'a-b-c'.replace('-', '', 1) }} {{ ', '.join(names) }} {{ 'pre-x'.removeprefix('pre-') }} {{ 'x.y'.removesuffix('.y') }}",
    "{{ '<{}|{}>{{}}'.format(word, 3) }}",
    # Filters
    "{{ text | trim }}|{{ '..a.'|trim('.') }}|{{ names|length }}|{{ text|length }}|{{ nested|count }}|{{ missing|length }}",
    "{{ nested | tojson }}", "{{ nested | tojson(indent=2) }}", "{{ nested | tojson(sort_keys=true, separators=(',', ':')) }}",
    "{{ text | tojson }} {{ text | tojson(ensure_ascii=true) }} {{ numbers | tojson }} {{ truth | tojson(indent=1) }} {{ (1, [2]) | tojson }}",
    "{{ missing|default('d') }} {{ empty|default('d') }} {{ empty|default('d', true) }} {{ none|default(1) }} {{ missing|d }}|{{ 0|default(7, boolean=true) }}",
    "{{ names|sort }} {{ names|sort(reverse=true) }} {{ names|sort(case_sensitive=true) }} {{ people|sort(attribute='age')|map(attribute='name')|join(' ') }}",
    "{{ nested|dictsort|length }} {% for k, v in {'b': 1, 'A': 2, 'a': 3}|dictsort %}{{ k }}{{ v }}{% endfor %} {{ {'x': 2, 'y': 1}|dictsort(by='value') }}",
    "{{ people|selectattr('role')|map(attribute='name')|list }} {{ people|selectattr('age', 'equalto', 36)|list|length }} {{ people|rejectattr('role', 'defined')|map(attribute='name')|list }}",
    "{{ [1, 0, 2]|select|list }} {{ [1, 2, 3]|select('odd')|list }} {{ [1, 2, 3]|reject('gt', 2)|list }} {{ none|selectattr('x')|list }} {{ people|map(attribute='role', default='-')|list }}",
    "{{ names|map('upper')|join }} {{ names|first }} {{ names|last }} {{ []|first }}|{{ names|unique|list }} {{ names|reverse|list }} {{ word|reverse }} {{ [3, 1]|min }} {{ [3, 1]|max }}",
    "{{ '42'|int }} {{ ' -7 '|int }} {{ '4.9'|int }} {{ 'x'|int }} {{ 'x'|int(5) }} {{ 4.9|int }} {{ none|int }} {{ '1.5'|float }} {{ 'x'|float }} {{ -3|abs }} {{ true|int }}",
    "{{ word|lower }} {{ word|upper }} {{ 'hello wORLD-x (y'|title }} {{ 'hELLO'|capitalize }} {{ 5|string ~ 'x' }} {{ 'aXbX'|replace('X', '-') }} {{ 'aXbX'|replace('X', '-', 1) }}",
    "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2, first=true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb'|indent('> ') }}",
    "{{ nested|items|list|length }} {{ 'abc'|list }} {{ nested|list }} {{ missing|list }} {{ people|join(',', attribute='name') }}",
    "{{ '<b>'|safe }} {{ ('<b>'|safe) ~ '<' }} {{ '<b>'|safe + '<&\\'\"' }} {{ '<' + '<b>'|safe }}",
    # Tests
    "{{ 1 is number }} {{ true is number }} {{ 1.5 is float }} {{ 1 is integer }} {{ true is integer }} {{ 'a' is string }} {{ none is none }} {{ 1 is not none }}",
    "{{ {} is mapping }} {{ [] is sequence }} {{ 'a' is sequence }} {{ {} is sequence }} {{ 1 is sequence }} {{ [] is iterable }} {{ 1 is iterable }} {{ missing is iterable }} {{ nothing is iterable }}",
    "{{ 3 is odd }} {{ 4 is even }} {{ 6 is divisibleby 3 }} {{ 1 is true }} {{ true is true }} {{ false is false }} {{ true is boolean }} {{ 1 is eq 1 }} {{ 'a' is in names }} {{ 2 is gt(1) }}",
    "{{ missing is undefined }} {{ range is callable }} {{ word is callable }} {{ none is sameas none }} {{ 'a' is not string or true }}",
    # Statements
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% for i in [1] %}{% set x = 3 %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }} {{ ns.missing is defined }}",
    "{% set a, b = 1, 2 %}{{ b }}{{ a }}{% set (c, d) = ['x', 'y'] %}{{ c }}{{ d }}{% set t = 1, 2 %}{{ t }}",
    "{% set x %}\n a {{ word }}\n{% endset %}[{{ x }}]{% set y | upper | trim %} low {% endset %}[{{ y }}]",
    "{% for i in range(5) if i is odd %}{{ i }}{{ loop.index }}{{ loop.length }}{{ loop.last }} {% else %}none{% endfor %}",
    "{% for i in [] %}x{% else %}none{% endfor %}{% for i in missing %}x{% else %}nope{% endfor %}",
    "{% for i in 'ab' %}{{ loop.index0 }}{{ loop.first }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('x', 'y') }};{% endfor %}",
    "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for a in [1, 2] %}{% for b in 'xy' %}{{ loop.index }}{{ a }}{{ b }}{% endfor %}{{ loop.index }} {% endfor %}",
    "{% for i in range(3) %}{% set seen = true %}{% endfor %}{{ seen is defined }} {% for i in [1, 2] %}{% if loop.first %}{% set y = 5 %}{% endif %}{{ y }},{% endfor %}",
    "{% macro m(a, b='B', c=a) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m(b=2, a=1) }}{{ m() }}{{ m('x') | upper }}",
    "{% macro r(n) %}{{ n }}{% if n > 0 %}{{ r(n - 1) }}{% endif %}{% endmacro %}{{ r(3) }}{% set z = 1 %}{% macro s() %}{{ z }}{% endmacro %}{% set z = 2 %}{{ s() }}",
    "{% macro m(x) %}[{{ caller() }}{{ x }}]{% endmacro %}{% call m(1) %}body {{ word }}{% endcall %}",
    "{% filter upper %}low {{ word }}{% endfilter %} {% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a }}",
    "{% if not tools is defined %}{% set tools = none %}{% endif %}{{ tools is none }} {% set tools = [1] %}{{ tools }}",
    "{{ range(3) | list }} {{ range(1, 8, 3) | list }} {{ range(3, 0, -1) | list }} {{ range(4) | length }} {{ 2 in range(3) }}",
    "{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d %H:%M:%S %A %B %p %j %y %% %I') }}",
    "{% generation %}a{{ word }}{% endgeneration %}b{% if true %}{% generation %}\nc\n{% endgeneration %}{% endif %}",
    # Errors of the template or its input
    "{{ missing.x }}", "{{ missing + 1 }}", "{{ 1 + 'a' }}", "{{ none + 'a' }}", "{{ 'a' + 1 }}", "{{ none | length }}", "{{ 1 < 'a' }}",
    "{% for x in none %}{% endfor %}", "{% for x in 5 %}{% endfor %}", "{{ raise_exception('No: ' ~ word) }}", "{{ missing() }}", "{{ word() }}",
    "{{ names.append(1) }}", "{{ nested.update({}) }}", "{{ missing | tojson }}", "{{ (names | map('upper')) | tojson }}", "{{ 'a' | from_json }}",
    "{{ x is nosuchtest }}", "{{ 1 // 0 }}", "{{ 'a' in none }}", "{{ 1 in 'abc' }}", "{{ nothing.x.y }}", "{{ word.nosuch() }}", "{{ 'a,b'.split('') }}",
    "{% set x.y = 1 %}", "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{{ names[1", "{% if true %}", "{% endif %}",
    "{{ }}", "{% nosuchtag %}", "{% break %}", "{% for x in [1] %}{% generation %}{% break %}{% endgeneration %}{% endfor %}", "{{ 'a }}", "{{ 1 ! 2 }}", "{# a",
    "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", "{{ namespace(1) }}", "{{ names|first|last|nope }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{{ 'x'.strip(1) }}", "{{ ([1] | reverse) | last }}", "{% raw %}x",
    "{{ nothing[1:] }}", "{{ nested[1:] }}", "{{ true|abs }} {{ -2|abs }}", "{{ people|unique|list }}", "{{ missing is callable }}",
    "{{ 'ab'|map(attribute='x')|min }}", "{{ nested.items()[0].x }}", "{{ range(1000000000) }}", "{{ 'a'|int(1, 2, 3) }}", "{{ names|join(', ', 'x', 'y') }}",
]

THINKING = """\
{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1, searching=true) %}
{%- for message in messages[::-1] %}
    {%- set index = messages|length - 1 - loop.index0 %}
    {%- if ns.searching and message.role == 'user' and message.content is string %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
        {%- for part in message.content or [] if part.type == 'text' %}{% set content = content + part.text %}{% endfor %}
    {%- endif %}
    {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == 'assistant' %}
        {%- set thought = '' %}
        {%- if message.reasoning_content is string %}
            {%- set thought = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|im_start|>assistant\\n' }}
        {%- if loop.index0 > ns.last and (loop.last or thought) %}
            {{- '<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' }}
        {%- endif %}
        {{- content }}
        {%- for call in message.tool_calls or [] %}
            {%- if call.function %}{% set call = call.function %}{% endif %}
            {{- '\\n<tool_call>\\n{"name": "' ~ call.name ~ '", "arguments": ' }}
            {{- call.arguments if call.arguments is string else call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == 'tool' %}
        {%- if loop.first or loop.previtem.role != 'tool' %}{{ '<|im_start|>user' }}{% endif %}
        {{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}
        {%- if loop.last or loop.nextitem.role != 'tool' %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- elif message.role != 'system' %}
        {{- raise_exception('Unexpected role ' + message.role) }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}
{%- endif %}
"""

ALTERNATING = """\
{%- if messages[0]["role"] == "system" %}
    {%- set system = messages[0]["content"] %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set rest = messages %}
{%- endif %}
{%- for message in rest | rejectattr("role", "equalto", "tool") %}
    {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}
        {{- raise_exception("Roles must alternate user/assistant/user/assistant/...") }}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in rest %}
    {%- if message.role == "user" %}
        {{- "[INST] " + (system + "\\n\\n" if loop.first and system is defined else "") + message.content | trim + " [/INST]" }}
    {%- elif message.role == "assistant" %}
        {{- " " + message.content.strip() + eos_token }}
    {%- endif %}
{%- endfor %}
"""

TOOLS = """\
{% macro type_of(schema) %}
{%- if schema.enum is defined %}{{ schema.enum | map('tojson') | join(' | ') }}
{%- elif schema.type is string and schema.type == 'object' and schema.properties %}{ {{ fields(schema) }} }
{%- elif schema.type == 'array' %}{{ type_of(schema['items']) }}[]
{%- elif schema.type is sequence and schema.type is not string %}{{ schema.type | join(' | ') }}
{%- else %}{{ schema.type | default('any') }}{% endif %}
{% endmacro %}
{% macro fields(schema) %}
{%- for name, field in schema.properties | dictsort %}
{{- name }}{{ '' if name in (schema.required or []) else '?' }}: {{ type_of(field) | trim }}{{ ', ' if not loop.last }}
{%- endfor %}
{% endmacro %}
{{ bos_token }}{% if not date_string is defined %}{% set date_string = strftime_now('%d %B %Y') %}{% endif %}
<|start_header_id|>system<|end_header_id|>

Today is {{ date_string }}.
{% if tools %}
{% for tool in tools %}
{% set tool = tool.function or tool %}
function {{ tool.name }}({{ fields(tool.parameters) | trim }}) // {{ tool.description }}
{% endfor %}
{% for tool in tools %}
{{ tool | tojson(indent=4) }}
{% endfor %}
{% endif %}
<|eot_id|>
{%- for message in messages %}
    {%- if message.role not in ['system', 'developer', 'user', 'assistant', 'tool', 'ipython'] %}{% continue %}{% endif %}
    {{- '<|start_header_id|>' + ('ipython' if message.role == 'tool' else message.role) + '<|end_header_id|>\\n\\n' }}
    {%- if message.tool_calls is defined and message.tool_calls is iterable and message.tool_calls %}
        {%- if message.tool_calls|length != 1 %}{{ raise_exception('One call at a time!') }}{% endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '{"name": "' + call.name + '", "parameters": ' + call.arguments | tojson + '}' }}
        {%- for key, value in call.arguments.items() %}{{ ';' ~ key ~ '=' ~ value }}{% endfor %}
    {%- elif message.content is mapping or message.content is iterable and message.content is not string %}
        {{- message.content | tojson }}
    {%- else %}
        {{- message['content'] | trim }}
    {%- endif %}
    {{- '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
"""

MARKED = """\
{% for message in messages %}
{% if message.role == 'assistant' %}
<|assistant|>
{% generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}

{% else %}
<|{{ message.role }}|>
{{ message.content }}
{% endif %}
{% endfor %}
{% if add_generation_prompt %}<|assistant|>
{% endif %}
"""

ENDED = """\
{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + '<|end|>\n' }}{% endfor %}
{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}
"""

PROMPTED = """\
{{ bos_token }}{% for message in messages %}
{%- if message.role == 'user' %}{{ '<|User|>' + message.content }}
{%- elif message.role == 'assistant' %}{{ '<|Assistant|>' + message.content.split('</think>')[-1] + eos_token }}
{%- else %}{{ message.content }}{% endif %}
{%- endfor %}{% if add_generation_prompt %}{{ '<|Assistant|><think>\\n' }}{% endif %}
"""

CHATS = {"thinking": THINKING, "alternating": ALTERNATING, "tools": TOOLS, "marked": MARKED, "ended": ENDED, "prompted": PROMPTED}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


TOOL = {"type": "function", "function": {"name": "weather", "description": "Tells \"the weather\" <now> …", "parameters": {
    "type": "object", "properties": {
        "where": {"type": "string"}, "unit": {"type": "string", "enum": ["C", "F"]},
        "days": {"type": "array", "items": {"type": "integer"}}, "more": {"type": ["string", "null"]},
        "place": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}}, "required": ["where"]}}}
CALL = {"type": "function", "id": "c1", "function": {"name": "weather", "arguments": {"where": "Köln", "days": [1, 2.0], "x": None}}}
CONVERSATIONS = {
    "one": {"messages": [user("Hello"), assistant("Hi there!")]},
    "system": {"messages": [{"role": "system", "content": "Be brief. "}, user(" 2+2? \n"), assistant(" <b>4</b>\n"), user("Sure?"), assistant("Yes — 漢字 😀")]},
    "open": {"messages": [user("Hello"), assistant("Hi"), user("And?")]},
    "thought": {"messages": [user("Q1"), assistant("<think>\nhm\n</think>\n\none"), user("Q2"), assistant("<think>\nha\n</think>\n\ntwo")]},
    "reasoning": {"messages": [user("Q1"), assistant("one", reasoning_content="hm"), user("Q2"), assistant("two", reasoning_content="\nha\n")],
                  "chat_template_kwargs": {"enable_thinking": False, "date_string": "1 May 2026"}},
    "tools": {"messages": [user("Weather?"), assistant(None, tool_calls=[CALL]), {"role": "tool", "content": "{\"t\": 21}", "tool_call_id": "c1"},
                           {"role": "tool", "content": "more"}, assistant("21 degrees.")], "tools": [TOOL]},
    "parts": {"messages": [user([{"type": "text", "text": "Look "}, {"type": "image"}, {"type": "text", "text": "here"}]), assistant("I see.")]},
    "order": {"messages": [user("a"), user("b"), assistant("c")]},
    "role": {"messages": [user("a"), {"role": "wizard", "content": "b"}, assistant("c")]},
}


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 7, 6, 13, 5, 9)


def rendered(template, messages, tools, prompt, variables):
    marked = bool(re.search(r"\{\%-?\s*generation\s*-?\%\}", template))
    try:
        texts, generated = chat_template_utils.render_jinja_template(
            [messages], tools=tools, chat_template=template, add_generation_prompt=prompt,
            return_assistant_tokens_mask=marked, **variables)
    except Exception as error:  # Whatever it is: the template is refused.
        return {"error": type(error).__name__}
    return {"text": texts[0], **({"generated": [list(span) for span in generated[0]]} if marked else {})}


def main(output):
    chat_template_utils.datetime = Clock
    snippets = [{"template": template, **rendered(template, [], None, False, VALUES)} for template in SNIPPETS]
    chats = []
    for name, template in CHATS.items():
        for conversation, record in CONVERSATIONS.items():
            for prompt in (False, True):
                variables = {"bos_token": "<s>", "eos_token": "</s>", **record.get("chat_template_kwargs", {})}
                chats.append({"template": name, "conversation": conversation, "prompt": prompt,
                              **rendered(template, record["messages"], record.get("tools"), prompt, variables)})
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"values": VALUES, "snippets": snippets, "templates": CHATS, "conversations": CONVERSATIONS, "chats": chats},
                  file, ensure_ascii=True, indent=1)
        file.write("\n")


main(sys.argv[1])
