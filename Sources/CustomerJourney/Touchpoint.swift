/// One interaction between a person and the company (contactmoment).
///
/// Five groups of facts are kept for each: device and context, channel, series, content and action,
/// timing. What came before and after is not stored: it follows from the journey, which is all
/// touchpoints of one customer in order of (``occurred``, order of arrival).
package struct Touchpoint: Hashable, Sendable, Codable {
  /// Whose it is, as the client that sent it names that person: a customer number, a household, an
  /// anonymous id. Never empty.
  package var customer: String
  /// Other keys by which the same message names the same person: evidence for who is who.
  package var alsoKnownAs: [String]
  /// Whose word that is. Not kept with the touchpoint, but with the evidence that is new by it.
  package var claimant: Claimant

  // MARK: Timing

  /// When it happened, by the client's clock, corrected where the protocol says how.
  package var occurred: Timestamp
  /// The moment by the client's own clock where ``occurred`` is another one: a retry repeats it.
  /// ``Timestamp/epoch`` when the client states none and its message id alone tells a retry.
  package var clientTime: Timestamp?
  /// The person's own offset from UTC, where known.
  package var utcOffsetMinutes: Int?
  /// When we got it.
  package var received: Timestamp

  // MARK: Series

  /// Recognises a retry: unique together with the client's own time.
  package var messageID: String
  /// The client, file or system that it came from: `shop`, `newsletter`.
  package var source: String

  // MARK: Channel

  /// Where the interaction takes place.
  package var channel: Channel
  /// The marketing channel that brought the person there.
  package var origin: Origin?
  package var campaign: String?

  // MARK: Device and context

  package var device: Device?

  // MARK: Content and action

  package var event: EventName
  /// What was seen, downloaded, clicked or bought: a page, a product, a mail.
  package var content: String?
  package var value: Money?
  /// All else that the client said, by dotted path: `product.category`.
  package var properties: Properties

  package init(
    customer: String, occurred: Timestamp, event: EventName, channel: Channel,
    messageID: String, source: String = "own", received: Timestamp? = nil,
    utcOffsetMinutes: Int? = nil, origin: Origin? = nil, campaign: String? = nil,
    device: Device? = nil, content: String? = nil, value: Money? = nil,
    properties: Properties = [:], alsoKnownAs: [String] = [],
    clientTime: Timestamp? = nil, claimant: Claimant = .file
  ) {
    self.customer = customer
    self.alsoKnownAs = alsoKnownAs
    self.claimant = claimant
    self.occurred = occurred
    self.clientTime = clientTime
    self.event = event
    self.channel = channel
    self.messageID = messageID
    self.source = source
    self.received = received ?? occurred
    self.utcOffsetMinutes = utcOffsetMinutes
    self.origin = origin
    self.campaign = campaign
    self.device = device
    self.content = content
    self.value = value
    self.properties = properties
  }
}

/// The value of a property or a trait: what JSON can hold in one place, without nesting.
package enum PropertyValue: Hashable, Sendable, Codable, CustomStringConvertible {
  case text(String)
  case number(Double)
  case flag(Bool)

  package var description: String {
    switch self {
    case .text(let text): text
    case .number(let number):
      number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
    case .flag(let flag): flag ? "true" : "false"
    }
  }

  /// The number it is or spells, so that a CSV column of digits compares as numbers do.
  package var number: Double? {
    switch self {
    case .text(let text): Double(text)
    case .number(let number): number
    case .flag: nil
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    }
  }
}
