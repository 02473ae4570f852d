package import CustomerJourney

/// Makes what one customer gets out of a content: chooses language and variant, fills in, draws.
package struct Composing: Sendable {
  package var look: MailLook
  /// The language for who has none.
  package var language: Language

  package init(look: MailLook, language: Language = .english) {
    self.look = look
    self.language = language
  }

  /// Who it is for.
  package struct Reader: Sendable {
    /// What is known, by name, with the message's own data over it.
    package var values: ContentValue
    package var language: Language?
    /// Whether a variant's rule is true of this customer now.
    package var holds: @Sendable (Rule) -> Bool

    package init(
      values: ContentValue, language: Language? = nil,
      holds: @escaping @Sendable (Rule) -> Bool = { _ in false }
    ) {
      self.values = values
      self.language = language
      self.holds = holds
    }
  }

  /// Links below a mail.
  package struct Ways: Sendable {
    /// Nil in service mail that nobody can refuse.
    package var unsubscribe: String?
    package var preferences: String?

    package init(unsubscribe: String? = nil, preferences: String? = nil) {
      self.unsubscribe = unsubscribe
      self.preferences = preferences
    }
  }

  /// A mail as its reader sees it.
  package struct Mail: Hashable, Sendable {
    package var language: Language
    package var variant: String
    package var subject: String
    package var html: String
    package var text: String
  }

  /// A text message.
  package struct ShortText: Hashable, Sendable {
    package var language: Language
    package var variant: String
    package var text: String
  }

  // MARK: Mail

  /// For a place on the site (`isOnsite`) without the frame of a mail: its HTML is what stands there.
  /// Throws ``ComposingProblem``: nothing is sent half.
  package func mail(
    _ content: Content, for reader: Reader, variant: String? = nil, ways: Ways = Ways(),
    isOnsite: Bool = false
  ) throws(ComposingProblem) -> Mail {
    let (language, mail) = try chosen(
      isOnsite ? content.onsite : content.email, content, reader, variant
    ) { $0.variant }
    var missing: Set<String> = []
    func fill(_ text: ContentText, _ escaping: ContentText.Escaping) -> String {
      do throws(ContentFillProblem) {
        return try text.filled(reader.values, escaping)
      } catch {
        if case .missing(let names) = error { missing.formUnion(names) } else { missing.insert("") }
        return ""
      }
    }
    let subject = fill(mail.subject, .line).trimmed
    let preheader = mail.preheader.map { fill($0, .line).trimmed } ?? ""
    let page = MailHTML(look: look, language: language)
    let drawer: any BlockDrawer = isOnsite ? SlotHTML() : page
    var body: String
    switch mail.body {
    case .html(let text): body = fill(text, .html)
    case .blocks(let blocks):
      body = ""
      for block in blocks { body += draw(block, drawer, reader, fill) }
    }
    if missing.contains("") { throw .tooLarge(content: content.id) }
    guard missing.isEmpty else { throw .missing(content: content.id, names: missing.sorted()) }
    let html =
      isOnsite
      ? body
      : page.page(
        subject: subject, preheader: preheader, body: body, footer: footer(ways, language))
    guard html.utf8.count <= Limits.contentBytes else { throw .tooLarge(content: content.id) }
    return Mail(
      language: language, variant: mail.variant.name, subject: subject, html: html,
      text: PlainText.of(html: html))
  }

  private func draw(
    _ block: ContentBlock, _ drawer: any BlockDrawer, _ reader: Reader,
    _ fill: (ContentText, ContentText.Escaping) -> String
  ) -> String {
    switch block {
    case .heading(let text): return drawer.heading(fill(text, .html))
    case .text(let text): return drawer.text(fill(text, .html), isSmall: false)
    case .small(let text): return drawer.text(fill(text, .html), isSmall: true)
    case .line: return drawer.line
    case .button(let text, let link):
      // A link that leads nowhere safe is left out, and the button with it.
      guard let address = WebAddress.checked(fill(link, .line)) else { return "" }
      return drawer.button(fill(text, .html), link: address)
    case .picture(let source, let description, let link):
      guard let address = WebAddress.checked(fill(source, .line), isPicture: true) else {
        return ""
      }
      return drawer.picture(
        address, description: fill(description, .html),
        link: link.flatMap { WebAddress.checked(fill($0, .line)) })
    case .products(let name, let title):
      let products = products(named: name, reader)
      guard !products.isEmpty else { return "" }
      return drawer.products(products, title: title.map { fill($0, .html) })
    }
  }

  private func products(named name: String, _ reader: Reader) -> [ShownProduct] {
    guard case .list(let items)? = reader.values[name] else { return [] }
    return items.prefix(Limits.contentItems).compactMap { item in
      guard let name = item["name"]?.filled else { return nil }
      return ShownProduct(
        name: name, price: item["price"]?.filled,
        image: item["image"]?.filled.flatMap { WebAddress.checked($0, isPicture: true) },
        link: item["link"]?.filled.flatMap { WebAddress.checked($0) })
    }
  }

  private func footer(_ ways: Ways, _ language: Language) -> String {
    let e = ContentEscaping.html
    var lines = [e(look.company)]
    if !look.address.isEmpty { lines.append(e(look.address).replacing("\n", with: "<br>")) }
    var links: [String] = []
    func link(_ address: String?, _ english: String, _ dutch: String) {
      guard let address else { return }
      links.append(
        #"<a class="k-link" href="\#(e(address))">\#(language == .dutch ? dutch : english)</a>"#)
    }
    link(ways.preferences, "Your preferences", "Uw voorkeuren")
    link(ways.unsubscribe, "Unsubscribe", "Uitschrijven")
    if !links.isEmpty { lines.append(links.joined(separator: " &middot; ")) }
    return lines.joined(separator: "<br>")
  }

  // MARK: Other channels

  package func text(
    _ content: Content, for reader: Reader, variant: String? = nil
  ) throws(ComposingProblem) -> ShortText {
    let (language, text) = try chosen(content.sms, content, reader, variant) { $0.variant }
    return ShortText(
      language: language, variant: text.variant.name,
      text: try filled(text.text, content, reader, .plain).trimmed)
  }

  /// The JSON for a webhook; nil where the content says none.
  package func payload(
    _ content: Content, for reader: Reader
  ) throws(ComposingProblem) -> String? {
    guard let template = content.webhook else { return nil }
    let json = try filled(template, content, reader, .json)
    guard ContentValue(json: json) != nil else { throw .notJSON(content: content.id) }
    return json
  }

  private func filled(
    _ text: ContentText, _ content: Content, _ reader: Reader, _ escaping: ContentText.Escaping
  ) throws(ComposingProblem) -> String {
    do throws(ContentFillProblem) {
      return try text.filled(reader.values, escaping)
    } catch {
      switch error {
      case .missing(let names): throw .missing(content: content.id, names: names)
      case .tooLarge: throw .tooLarge(content: content.id)
      }
    }
  }

  /// The reader's language, else the project's, else any; of it the first variant whose rule holds.
  private func chosen<Each>(
    _ languages: [Language: [Each]], _ content: Content, _ reader: Reader, _ variant: String?,
    _ of: (Each) -> ContentVariant
  ) throws(ComposingProblem) -> (Language, Each) {
    let wanted = [reader.language, language].compactMap(\.self) + Language.allCases
    guard let language = wanted.first(where: { languages[$0]?.isEmpty == false }),
      let all = languages[language]
    else { throw .noWords(content: content.id) }
    if let variant {
      guard let one = all.first(where: { of($0).name == variant }) else {
        throw .noVariant(content: content.id, variant: variant)
      }
      return (language, one)
    }
    guard let one = all.first(where: { of($0).rule.map(reader.holds) ?? true }) else {
      throw .noWords(content: content.id)
    }
    return (language, one)
  }
}

/// Why a message cannot be made for somebody. Names no value of theirs.
package enum ComposingProblem: Error, Hashable, CustomStringConvertible {
  case missing(content: String, names: [String])
  case noWords(content: String)
  case noVariant(content: String, variant: String)
  case tooLarge(content: String)
  case notJSON(content: String)

  package var description: String {
    switch self {
    case .missing(let content, let names):
      "The content \(content) asks for \(names.joined(separator: ", ")), and this customer has none. "
        + "Give it a fallback: {{#\(names.first ?? "name")}}…{{/\(names.first ?? "name")}}."
    case .noWords(let content): "The content \(content) has no words for this channel."
    case .noVariant(let content, let variant):
      "The content \(content) has no variant \(variant)."
    case .tooLarge(let content):
      "The content \(content) became larger than \(Limits.contentBytes) bytes."
    case .notJSON(let content):
      "The content \(content) became no JSON for the webhook: put quotation marks around texts."
    }
  }

  package var reason: MessageReason {
    switch self {
    case .missing: MessageReason("missing-value", description)
    case .noWords, .noVariant: MessageReason("no-content", description)
    case .tooLarge, .notJSON: MessageReason("bad-content", description)
    }
  }
}

/// Addresses that may stand in a mail.
enum WebAddress {
  /// Nil for what a mail program should not follow: scripts, files, what is no address.
  static func checked(_ text: String, isPicture: Bool = false) -> String? {
    let text = text.trimmed
    let schemes = isPicture ? ["https://", "http://"] : ["https://", "http://", "mailto:", "tel:"]
    let lower = text.prefix(8).lowercased()
    guard schemes.contains(where: { lower.hasPrefix($0) }), text.utf8.count <= 2_000,
      text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0 != "\"" && $0 != "<" && $0 != ">" })
    else { return nil }
    return text
  }
}
