package import CustomerJourney

/// What a message says: for each channel and language the same thing in its own form. Read from YAML by
/// ``init(yaml:file:vocabulary:)``.
package struct Content: Sendable {
  package var id: String
  package var name: LocalizedText
  /// Values to look at it with, where no customer is chosen.
  package var sample: ContentValue
  package var email: [Language: [EmailContent]]
  package var sms: [Language: [TextContent]]
  package var onsite: [Language: [EmailContent]]
  /// JSON that a webhook gets; nil sends what is known of the message.
  package var webhook: ContentText?

  /// Channels that it has words for.
  package var channels: [MessageChannel] {
    var channels: [MessageChannel] = []
    if !email.isEmpty { channels.append(.email) }
    if !sms.isEmpty { channels.append(.sms) }
    if webhook != nil { channels.append(.webhook) }
    if !onsite.isEmpty { channels.append(.onsite) }
    return channels
  }

  package func languages(of channel: MessageChannel) -> [Language] {
    let known: [Language] =
      switch channel {
      case .email: Array(email.keys)
      case .sms: Array(sms.keys)
      case .onsite: Array(onsite.keys)
      case .webhook, .audience: []
      }
    return Language.allCases.filter { known.contains($0) }
  }
}

/// A variant: who gets it, and what it is called in results.
package struct ContentVariant: Sendable {
  package var name: String
  /// Nil is for everybody.
  package var rule: Rule?
}

/// A mail, or a slot of a page: a subject and a body.
package struct EmailContent: Sendable {
  package var variant: ContentVariant
  package var subject: ContentText
  /// What mail programs show beside the subject.
  package var preheader: ContentText?
  package var body: ContentBody
}

package enum ContentBody: Sendable {
  case blocks([ContentBlock])
  /// A whole HTML body of one's own.
  case html(ContentText)
}

/// A text message.
package struct TextContent: Sendable {
  package var variant: ContentVariant
  package var text: ContentText
}

/// One piece of a mail, that is drawn as mail programs take it.
package enum ContentBlock: Sendable {
  case heading(ContentText)
  case text(ContentText)
  case button(text: ContentText, link: ContentText)
  case picture(source: ContentText, description: ContentText, link: ContentText?)
  /// The products in the list of that name, each with `name`, and `price`, `image` and `link` where
  /// there are.
  case products(String, title: ContentText?)
  /// What is less important.
  case small(ContentText)
  case line
}

/// All that is wrong with a content's file.
package struct ContentError: Error, Hashable, CustomStringConvertible {
  /// In order of line; never empty.
  package var problems: [FileProblem]

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
