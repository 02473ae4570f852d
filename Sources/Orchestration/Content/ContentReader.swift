package import CustomerJourney
import Yams

extension Content {
  /// Reads one content. Throws all that is wrong with it, with lines.
  package init(
    yaml: String, file: String, vocabulary: RuleVocabulary
  ) throws(ContentError) {
    let reader = ContentReader(file: file, vocabulary: vocabulary)
    let content = reader.read(yaml)
    guard let content, reader.fields.problems.isEmpty else {
      throw ContentError(problems: reader.fields.sortedProblems)
    }
    self = content
  }
}

private final class ContentReader {
  let vocabulary: RuleVocabulary
  let fields: YAMLFields

  init(file: String, vocabulary: RuleVocabulary) {
    fields = YAMLFields(file: file)
    self.vocabulary = vocabulary
  }

  func read(_ yaml: String) -> Content? {
    guard let root = fields.compose(yaml, "a content", limit: Limits.contentCharacters) else {
      return nil
    }
    let parts = fields.members(
      root, at: "", allowed: ["id", "name", "sample", "email", "sms", "webhook", "onsite"],
      required: ["id", "name"])
    let id = parts["id"].flatMap { fields.text($0, at: "id") } ?? ""
    if !id.isEmpty, !id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) {
      fields.report("an id is letters, digits, “-”, “_” and “.”", at: "id", parts["id"])
    }
    let content = Content(
      id: id,
      name: parts["name"].flatMap { fields.localized($0, at: "name") } ?? LocalizedText(en: id),
      sample: parts["sample"].flatMap { value($0) } ?? .object([:]),
      email: languages(parts["email"], at: "email") { self.emails($0, at: $1) },
      sms: languages(parts["sms"], at: "sms") { self.texts($0, at: $1) },
      onsite: languages(parts["onsite"], at: "onsite") { self.emails($0, at: $1) },
      webhook: parts["webhook"].flatMap { text($0, at: "webhook") })
    if fields.problems.isEmpty, content.channels.isEmpty {
      fields.report("there is nothing to say: write email, sms, webhook or onsite", at: "", root)
    }
    return content
  }

  // MARK: Channels

  private func languages<Each>(
    _ node: Node?, at key: String, _ read: (Node, String) -> [Each]
  ) -> [Language: [Each]] {
    guard let node else { return [:] }
    var found: [Language: [Each]] = [:]
    for (name, value) in fields.members(node, at: key, allowed: Language.allCases.map(\.rawValue)) {
      guard let language = Language(rawValue: name) else { continue }
      found[language] = read(value, "\(key).\(name)")
    }
    return found
  }

  private static let emailKeys = ["subject", "preheader", "blocks", "html"]

  private func emails(_ node: Node, at key: String) -> [EmailContent] {
    let base = fields.members(
      node, at: key, allowed: Self.emailKeys + ["variants"], required: ["subject"])
    if base["blocks"] == nil, base["html"] == nil {
      fields.report("there is no body: write blocks, or html", at: key, node)
    }
    return variants(base, at: key, allowed: Self.emailKeys) { variant, parts in
      guard let subject = parts["subject"].flatMap({ self.text($0, at: "\(key).subject") }) else {
        return nil
      }
      let body: ContentBody
      if let html = parts["html"] {
        guard let text = self.text(html, at: "\(key).html") else { return nil }
        body = .html(text)
      } else {
        body = .blocks(parts["blocks"].map { self.blocks($0, at: "\(key).blocks") } ?? [])
      }
      return EmailContent(
        variant: variant, subject: subject,
        preheader: parts["preheader"].flatMap { self.text($0, at: "\(key).preheader") }, body: body)
    }
  }

  private func texts(_ node: Node, at key: String) -> [TextContent] {
    let base = fields.members(node, at: key, allowed: ["text", "variants"], required: ["text"])
    return variants(base, at: key, allowed: ["text"]) { variant, parts in
      parts["text"].flatMap { self.text($0, at: "\(key).text") }
        .map { TextContent(variant: variant, text: $0) }
    }
  }

  /// The variants, each with what it changes over the rest, and at the end the one for everybody.
  private func variants<Each>(
    _ base: [String: Node], at key: String, allowed: [String],
    _ make: (ContentVariant, [String: Node]) -> Each?
  ) -> [Each] {
    var found: [Each] = []
    let list = base["variants"].map { fields.list($0, at: "\(key).variants") } ?? []
    for (index, node) in list.enumerated() {
      let place = "\(key).variants[\(index)]"
      let own = fields.members(
        node, at: place, allowed: ["name", "when"] + allowed, required: ["name", "when"])
      guard let name = own["name"].flatMap({ fields.text($0, at: "\(place).name") }),
        let rule = own["when"].flatMap({ rule($0, at: "\(place).when") })
      else { continue }
      var parts = base.merging(own) { _, new in new }
      if own["blocks"] != nil, own["html"] == nil { parts["html"] = nil }
      if let each = make(ContentVariant(name: name, rule: rule), parts) { found.append(each) }
    }
    if let each = make(ContentVariant(name: "standard", rule: nil), base) { found.append(each) }
    return found
  }

  private func blocks(_ node: Node, at key: String) -> [ContentBlock] {
    let list = fields.list(node, at: key)
    if list.count > Limits.contentBlocks {
      fields.report("a mail has at most \(Limits.contentBlocks) blocks", at: key, node)
    }
    return list.prefix(Limits.contentBlocks).enumerated().compactMap { index, node in
      block(node, at: "\(key)[\(index)]")
    }
  }

  private static let blockKinds = [
    "heading", "text", "button", "picture", "products", "small", "line",
  ]

  private func block(_ node: Node, at key: String) -> ContentBlock? {
    if node.scalar?.string == "line" { return .line }
    let parts = fields.members(node, at: key, allowed: Self.blockKinds)
    guard parts.count == 1, let (kind, inner) = parts.first else {
      fields.report("a block is one of \(Self.blockKinds.joined(separator: ", "))", at: key, node)
      return nil
    }
    let place = "\(key).\(kind)"
    switch kind {
    case "heading": return text(inner, at: place).map { .heading($0) }
    case "text": return text(inner, at: place).map { .text($0) }
    case "small": return text(inner, at: place).map { .small($0) }
    case "button":
      let own = fields.members(
        inner, at: place, allowed: ["text", "link"], required: ["text", "link"])
      guard let words = own["text"].flatMap({ text($0, at: "\(place).text") }),
        let link = own["link"].flatMap({ text($0, at: "\(place).link") })
      else { return nil }
      return .button(text: words, link: link)
    case "picture":
      let own = fields.members(
        inner, at: place, allowed: ["source", "description", "link"],
        required: ["source", "description"])
      guard let source = own["source"].flatMap({ text($0, at: "\(place).source") }),
        let words = own["description"].flatMap({ text($0, at: "\(place).description") })
      else { return nil }
      return .picture(
        source: source, description: words,
        link: own["link"].flatMap { text($0, at: "\(place).link") })
    case "products":
      if let name = inner.scalar?.string { return .products(name, title: nil) }
      let own = fields.members(inner, at: place, allowed: ["from", "title"], required: ["from"])
      return own["from"].flatMap { fields.text($0, at: "\(place).from") }.map { name in
        .products(name, title: own["title"].flatMap { text($0, at: "\(place).title") })
      }
    default: return .line
    }
  }

  // MARK: Values

  private func rule(_ node: Node, at key: String) -> Rule? {
    guard let text = fields.text(node, at: key) else { return nil }
    do throws(RuleError) {
      return try Rule(parsing: text, in: vocabulary)
    } catch {
      fields.report(error.description, at: key, node)
      return nil
    }
  }

  private func text(_ node: Node, at key: String) -> ContentText? {
    guard let text = fields.text(node, at: key, limit: Limits.contentCharacters) else { return nil }
    // A block of text begins on the line behind its key.
    let isBlock = [.literal, .folded].contains(node.scalar?.style)
    let first = (node.mark?.line ?? 1) + (isBlock ? 1 : 0)
    do throws(ContentTextProblem) {
      return try ContentText(text, line: first)
    } catch {
      fields.report(error.message, at: key, line: error.line)
      return nil
    }
  }

  private func value(_ node: Node) -> ContentValue? {
    if let list = node.sequence { return .list(list.compactMap { value($0) }) }
    if let mapping = node.mapping {
      var object: [String: ContentValue] = [:]
      for (name, inner) in mapping {
        if let name = name.scalar?.string { object[name] = value(inner) }
      }
      return .object(object)
    }
    guard let text = node.scalar?.string else { return nil }
    if node.scalar?.style == .plain {
      if text == "true" || text == "false" { return .flag(text == "true") }
      if let number = Double(text) { return .number(number) }
    }
    return .text(text)
  }
}
