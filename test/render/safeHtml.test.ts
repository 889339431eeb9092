// What comes from a scenario or a server stays text, wherever in a document it is put.
// The report is opened from tickets and mails, so a name in it must never become a program.
import { describe, expect, test } from '@jest/globals'
import { html, scriptJson, scriptText, trusted } from '../../src/render/safeHtml.js'

describe('a template', () => {
  test('escapes whatever is put into it', () => {
    const name = `<script>alert("x")</script>&'`
    expect(html`<p title="${name}">${name}</p>`.text).toBe(
      '<p title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;</p>',
    )
  })

  test('joins lists, leaves out nothing, and keeps its own parts as they are', () => {
    expect(html`<b>${[html`<i>${1}</i>`, html`<i>${'<'}</i>`, null]}</b>`.text).toBe(
      '<b><i>1</i><i>&lt;</i></b>',
    )
  })

  test('replaces characters that a document may not hold', () => {
    expect(html`${'a\u0000b\u001bc\u202ed\ne'}`.text).toBe('a\ufffdb\ufffdc\ufffdd\ne')
  })
})

describe('inside a script', () => {
  test('no text of the data can end it or open a comment', () => {
    const json = scriptJson({ name: '</script><!--<script>\u2028\u2029&' })
    expect(json).not.toMatch(/[<>&\u2028\u2029]/)
    expect(JSON.parse(json)).toEqual({ name: '</script><!--<script>\u2028\u2029&' })
  })

  test('source text keeps its meaning and cannot end it either', () => {
    const source = `const end = '</script><!--'`
    expect(scriptText(source)).toBe(`const end = '\\x3c/script>\\x3c!--'`)
    // An HTML parser takes the name in either case.
    expect(scriptText('</SCRIPT><Script>')).toBe('\\x3c/SCRIPT>\\x3cScript>')
    expect(
      html`<script>
        ${trusted(scriptText(source))}
      </script>`.text.match(/<\/script/g),
    ).toHaveLength(1)
  })
})
