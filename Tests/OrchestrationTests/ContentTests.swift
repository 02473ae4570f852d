import CustomerJourney
import Testing

@testable import Orchestration

@Suite struct ContentTests {
  static let yaml = """
    id: basket
    name: {en: Basket, nl: Mandje}
    sample: {firstName: Anna}
    email:
      en:
        subject: "{{#firstName}}{{firstName}}, your{{/firstName}}{{^firstName}}Your{{/firstName}} basket"
        preheader: Still there
        blocks:
          - heading: Hello {{firstName}}
          - text: |
              Two lines
              and one.

              Another paragraph.
          - products: {from: products, title: In your basket}
          - button: {text: Go on, link: "{{cartUrl}}"}
          - line
          - small: Until {{until}}
        variants:
          - name: gold
            when: trait(tier) is "gold"
            subject: For gold
      nl:
        subject: Uw mandje
        html: "<p>Dag {{firstName}}</p><p><a href=\\"{{cartUrl}}\\">Verder</a></p>"
    sms:
      en: {text: "Your basket: {{cartUrl}}"}
    webhook: '{"cart": "{{cartId}}"}'
    """

  private static func content(_ yaml: String = yaml) throws -> Content {
    try Content(yaml: yaml, file: "basket.yaml", vocabulary: .filter())
  }

  private static let values = ContentValue(
    json: """
      {"firstName": "Anna", "cartUrl": "https://shop.nl/cart?a=1&b=2", "until": "Friday",
       "cartId": "c\\"7", "products": [
        {"name": "Mug <red>", "price": "€ 9.95", "image": "https://shop.nl/m.jpg",
         "link": "https://shop.nl/m"},
        {"name": "Bad", "link": "javascript:alert(1)", "image": "file:///etc/passwd"}]}
      """)

  private func reader(
    _ over: ContentValue = .object([:]), language: Language? = .english, holds: Bool = false
  ) throws -> Composing.Reader {
    Composing.Reader(
      values: try #require(Self.values).overlaid(by: over), language: language,
      holds: { _ in holds })
  }

  private let composing = Composing(look: MailLook(company: "Shop & Co", address: "Street 1"))

  @Test("a mail is filled in, escaped and drawn")
  func mail() throws {
    let mail = try composing.mail(
      Self.content(), for: reader(), ways: .init(unsubscribe: "https://k.nl/u/1"))
    #expect(mail.subject == "Anna, your basket")
    #expect(mail.variant == "standard")
    #expect(mail.html.contains("Mug &lt;red&gt;"))
    #expect(mail.html.contains(#"href="https://shop.nl/cart?a=1&amp;b=2""#))
    #expect(mail.html.contains("Shop &amp; Co"))
    #expect(!mail.html.contains("javascript") && !mail.html.contains("file:"))
    #expect(mail.text.contains("Go on <https://shop.nl/cart?a=1&b=2>"))
    #expect(mail.text.contains("Mug <red>"))
    #expect(mail.text.contains("Unsubscribe <https://k.nl/u/1>"))
    #expect(mail.text.contains("Two lines\nand one.\n\nAnother paragraph."))
    #expect(!mail.text.contains("color-scheme"))
  }

  @Test("language and variant are the reader's, and another where there is none")
  func chosen() throws {
    let content = try Self.content()
    #expect(try composing.mail(content, for: reader(language: .dutch)).subject == "Uw mandje")
    #expect(try composing.mail(content, for: reader(language: nil)).language == .english)
    #expect(try composing.mail(content, for: reader(holds: true)).variant == "gold")
    #expect(try composing.mail(content, for: reader(), variant: "gold").subject == "For gold")
    #expect(try composing.text(content, for: reader(language: .dutch)).language == .english)
    #expect(
      throws: ComposingProblem.noVariant(content: "basket", variant: "none")
    ) { try composing.mail(content, for: reader(), variant: "none") }
  }

  @Test("a place without a value stops the message and is named, one with a fallback does not")
  func missing() throws {
    let content = try Self.content()
    #expect(throws: ComposingProblem.missing(content: "basket", names: ["firstName", "until"])) {
      try composing.mail(
        content, for: reader(.object(["firstName": .text(""), "until": .text("")])))
    }
    let text = try ContentText("{{#name}}Dear {{name}}{{/name}}{{^name}}Hello{{/name}}")
    #expect(try text.filled(.object([:]), .plain) == "Hello")
    #expect(try text.filled(.object(["name": .text("Anna")]), .plain) == "Dear Anna")
  }

  @Test("values never mean anything where they stand")
  func escaped() throws {
    let text = try ContentText("{{a}}")
    let nasty = ContentValue.object(["a": .text("<b>\"'&\r\nBcc: x\u{202E}")])
    #expect(try text.filled(nasty, .html) == "&lt;b&gt;&quot;&#39;&amp; \nBcc: x")
    #expect(try text.filled(nasty, .line) == "<b>\"'&  Bcc: x")
    #expect(try composing.payload(Self.content(), for: reader()) == #"{"cart": "c\"7"}"#)
  }

  @Test("lists, members, dotted names and the item itself are filled in")
  func lists() throws {
    let values = try #require(
      ContentValue(json: #"{"l": [1, 2.5, true], "o": {"p": "q"}, "a.b": "dotted", "n": []}"#))
    let text = try ContentText("{{#l}}{{.}};{{/l}}{{o.p}} {{a.b}}{{^n}} none{{/n}}")
    #expect(try text.filled(values, .plain) == "1;2.5;true;q dotted none")
  }

  @Test(
    "what is wrong with a text is said with its line",
    arguments: [
      ("a\n{{b", 2, "never closed"), ("{{#a}}\n\n", 1, "{{/a}}"), ("{{/a}}", 1, "never opened"),
      ("\n{{#a}}{{/b}}", 2, "{{/a}} should"), ("{{{a}}}", 1, "{{name}}"),
      ("{{> part}}", 1, "not taken"), ("{{a b}}", 1, "no name"),
      ("\n\n{{=<% %>=}}", 3, "not taken"),
    ])
  func textProblems(_ text: String, _ line: Int, _ words: String) {
    let problem = #expect(throws: ContentTextProblem.self) { try ContentText(text) }
    #expect(problem?.line == line)
    #expect(problem?.message.contains(words) == true, "\(problem?.message ?? "")")
  }

  @Test("a text that nests too deep or grows too large is refused")
  func limits() throws {
    let deep = (0...Limits.contentDepth).map { "{{#a\($0)}}" }.joined()
    #expect(throws: ContentTextProblem.self) { try ContentText(deep) }
    let long = String(repeating: "x", count: Limits.contentCharacters + 1)
    #expect(throws: ContentTextProblem.self) { try ContentText(long) }
    let list = ContentValue.list(Array(repeating: .flag(true), count: 100))
    let many = try ContentText("{{#l}}x{{/l}}")
    #expect(
      try many.filled(.object(["l": list]), .plain).count == Limits.contentItems)
    let big = try ContentText(
      "{{#l}}{{#l}}{{#l}}" + String(repeating: "x", count: 100) + "{{/l}}{{/l}}{{/l}}")
    #expect(throws: ContentFillProblem.tooLarge) {
      try big.filled(.object(["l": list]), .plain)
    }
  }

  @Test(
    "what is wrong with a file is said with its line and place",
    arguments: [
      ("id: a\nname: A\n", nil, "nothing to say"),
      ("id: a\nname: A\nemial: {}\n", 3, "did you mean “email”?"),
      ("id: a\nname: A\nsms:\n  en:\n    text: 'x {{'\n", 5, "never closed"),
      ("id: a\nname: A\nemail:\n  en:\n    subject: x\n", 5, "no body"),
      (
        "id: a\nname: A\nemail:\n  en:\n    subject: x\n    blocks:\n      - table: x\n", 7,
        "no key “table”"
      ),
      ("id: [", 2, "not YAML"),
    ] as [(String, Int?, String)])
  func fileProblems(_ yaml: String, _ line: Int?, _ words: String) throws {
    let error = #expect(throws: ContentError.self) { try Self.content(yaml) }
    let text = try #require(error).description
    #expect(text.contains(words), "\(text)")
    if let line { #expect(text.contains("line \(line)"), "\(text)") }
  }

  @Test("plain text keeps paragraphs, lists, links and pictures' words")
  func plain() {
    let html = """
      <html><head><title>no</title><style>p{}</style></head><body>
      <div style="display:none">hidden</div><h1>Title</h1><p>One  two<br>three &amp; four&nbsp;</p>
      <ul><li>a</li><li>b</li></ul><a href="https://x.nl">https://x.nl</a>
      <a href="https://y.nl"><img src="i" alt="Mug"></a></body></html>
      """
    #expect(
      PlainText.of(html: html) == """
        Title

        One two
        three & four

        - a
        - b

        https://x.nl [Mug] <https://y.nl>

        """)
  }
}
