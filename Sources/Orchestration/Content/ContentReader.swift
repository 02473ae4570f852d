package import CustomerJourney
import Yams

extension Content {
  /// Reads one content. Throws all that is wrong with it, with lines.
  package init(
    yaml: String, file: String, vocabulary: RuleVocabulary
  ) throws(ContentError) {
    let reader = ContentReader(file: file, vocabulary: vocabulary)
    let content = reader.read(yaml)
    guard let content, reader.problems.isEmpty else {
      throw ContentError(problems: reader.problems)
    }
    self = content
  }
}

private final class ContentReader {
  let file: String
  let vocabulary: RuleVocabulary
  private(set) var problems: [ContentError.Problem] = []

  init(file: String, vocabulary: RuleVocabulary) {
    self.file = file
    self.vocabulary = vocabulary
  }

  func read(_ yaml: String) -> Content? {
    guard yaml.unicodeScalars.count <= Limits.contentCharacters else {
      report("a content has at most \(Limits.contentCharacters) characters", at: "")
      return nil
    }
    guard let root = compose(yaml) else { return nil }
    let parts = members(
      root, at: "", allowed: ["id", "name", "sample", "email", "sms", "webhook", "onsite"],
      required: ["id", "name"])
    let id = parts["id"].flatMap { plain($0, at: "id") } ?? ""
    if !id.isEmpty, !id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) {
      report("an id is letters, digits, “-”, “_” and “.”", at: "id", parts["id"])
    }
    let content = Content(
      id: id, name: parts["name"].flatMap { localized($0, at: "name") } ?? LocalizedText(en: id),
      sample: parts["sample"].flatMap { value($0) } ?? .object([:]),
      email: languages(parts["email"], at: "email") { self.emails($0, at: $1) },
      sms: languages(parts["sms"], at: "sms") { self.texts($0, at: $1) },
      onsite: languages(parts["onsite"], at: "onsite") { self.emails($0, at: $1) },
      webhook: parts["webhook"].flatMap { text($0, at: "webhook") })
    if problems.isEmpty, content.channels.isEmpty {
      report("there is nothing to say: write email, sms, webhook or onsite", at: "", root)
    }
    return content
  }

  // MARK: Channels

  private func languages<Each>(
    _ node: Node?, at key: String, _ read: (Node, String) -> [Each]
  ) -> [Language: [Each]] {
    guard let node else { return [:] }
    var found: [Language: [Each]] = [:]
    for (name, value) in members(node, at: key, allowed: Language.allCases.map(\.rawValue)) {
      guard let language = Language(rawValue: name) else { continue }
      found[language] = read(value, "\(key).\(name)")
    }
    return found
  }

  private static let emailKeys = ["subject", "preheader", "blocks", "html"]

  private func emails(_ node: Node, at key: String) -> [EmailContent] {
    let base = members(
      node, at: key, allowed: Self.emailKeys + ["variants"], required: ["subject"])
    if base["blocks"] == nil, base["html"] == nil {
      report("there is no body: write blocks, or html", at: key, node)
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
    let base = members(node, at: key, allowed: ["text", "variants"], required: ["text"])
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
    let list = base["variants"].flatMap { sequence($0, at: "\(key).variants") } ?? []
    for (index, node) in list.enumerated() {
      let place = "\(key).variants[\(index)]"
      let own = members(
        node, at: place, allowed: ["name", "when"] + allowed, required: ["name", "when"])
      guard let name = own["name"].flatMap({ plain($0, at: "\(place).name") }),
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
    let list = sequence(node, at: key) ?? []
    if list.count > Limits.contentBlocks {
      report("a mail has at most \(Limits.contentBlocks) blocks", at: key, node)
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
    let parts = members(node, at: key, allowed: Self.blockKinds)
    guard parts.count == 1, let (kind, inner) = parts.first else {
      report("a block is one of \(Self.blockKinds.joined(separator: ", "))", at: key, node)
      return nil
    }
    let place = "\(key).\(kind)"
    switch kind {
    case "heading": return text(inner, at: place).map { .heading($0) }
    case "text": return text(inner, at: place).map { .text($0) }
    case "small": return text(inner, at: place).map { .small($0) }
    case "button":
      let own = members(
        inner, at: place, allowed: ["text", "link"], required: ["text", "link"])
      guard let words = own["text"].flatMap({ text($0, at: "\(place).text") }),
        let link = own["link"].flatMap({ text($0, at: "\(place).link") })
      else { return nil }
      return .button(text: words, link: link)
    case "picture":
      let own = members(
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
      let own = members(inner, at: place, allowed: ["from", "title"], required: ["from"])
      return own["from"].flatMap { plain($0, at: "\(place).from") }.map { name in
        .products(name, title: own["title"].flatMap { text($0, at: "\(place).title") })
      }
    default: return .line
    }
  }

  // MARK: Values

  private func rule(_ node: Node, at key: String) -> Rule? {
    guard let text = plain(node, at: key) else { return nil }
    do throws(RuleError) {
      return try Rule(parsing: text, in: vocabulary)
    } catch {
      report(error.description, at: key, node)
      return nil
    }
  }

  private func text(_ node: Node, at key: String) -> ContentText? {
    guard let text = plain(node, at: key) else { return nil }
    // A block of text begins on the line behind its key.
    let isBlock = [.literal, .folded].contains(node.scalar?.style)
    let first = (node.mark?.line ?? 1) + (isBlock ? 1 : 0)
    do throws(ContentTextProblem) {
      return try ContentText(text, line: first)
    } catch {
      problems.append(.init(file: file, line: error.line, key: key, message: error.message))
      return nil
    }
  }

  private func plain(_ node: Node, at key: String) -> String? {
    guard let text = node.scalar?.string, !text.trimmed.isEmpty else {
      report("a text should stand here", at: key, node)
      return nil
    }
    return text
  }

  private func localized(_ node: Node, at key: String) -> LocalizedText? {
    if node.scalar != nil { return plain(node, at: key).map { LocalizedText(en: $0) } }
    let parts = members(node, at: key, allowed: ["en", "nl"], required: ["en"])
    return parts["en"].flatMap { plain($0, at: "\(key).en") }.map {
      LocalizedText(en: $0, nl: parts["nl"].flatMap { plain($0, at: "\(key).nl") })
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

  private func sequence(_ node: Node, at key: String) -> [Node]? {
    guard let list = node.sequence else {
      report("a list should stand here", at: key, node)
      return nil
    }
    return Array(list)
  }

  private func members(
    _ node: Node, at key: String, allowed: [String], required: [String] = []
  ) -> [String: Node] {
    guard let mapping = node.mapping else {
      report("names with values should stand here: “name: value”", at: key, node)
      return [:]
    }
    var members: [String: Node] = [:]
    for (name, value) in mapping {
      guard let name = name.scalar?.string, allowed.contains(name) else {
        let written = name.scalar?.string ?? "?"
        let nearest = Spelling.nearest(written, among: allowed).map { "; did you mean “\($0)”?" }
        report(
          "there is no key “\(written)” here\(nearest ?? ""); known are "
            + allowed.joined(separator: ", "), at: key, value)
        continue
      }
      members[name] = value
    }
    for name in required where members[name] == nil {
      report("“\(name)” is missing", at: key, node)
    }
    return members
  }

  private func report(_ message: String, at key: String, _ node: Node? = nil) {
    problems.append(.init(file: file, line: node?.mark?.line, key: key, message: message))
  }

  private func compose(_ yaml: String) -> Node? {
    do {
      if let node = try Yams.compose(yaml: yaml) { return node }
      report("the file is empty", at: "")
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        problems.append(
          .init(file: file, line: mark.line, key: "", message: "this is not YAML: \(problem)"))
      default:
        report("this is not YAML: the text cannot be read, or a name stands there twice", at: "")
      }
    } catch {
      report("this is not YAML", at: "")
    }
    return nil
  }
}
