package import CustomerJourney

/// All that is known of one customer at a moment: what the customer's page shows and
/// `/api/v1/customers/KEY` answers.
package struct CustomerProfile: Codable, Sendable, Equatable {
  package var customer: String
  /// What people call the customer; nil where nothing says so.
  package var name: String?
  /// At which it was asked: the end of the period, or the last touchpoint of all.
  package var at: Timestamp
  package var currency: String
  package var traits: [ProfileTrait]
  package var calculated: [CalculatedValue]
  package var phases: [Phase]
  package var segments: [Segment]
  package var accounts: [Account]
  package var identities: CustomerIdentities?
  /// The last first.
  package var last: [Moment]
  /// What was put in the basket since the last order and not taken out; nil where nothing was.
  package var basket: Basket?

  /// Where the customer is in a model, and why.
  package struct Phase: Codable, Sendable, Equatable {
    package var model: String
    package var phase: String
    package var because: LocalizedText
    /// The touchpoint that began it.
    package var since: Timestamp

    package init(model: String, phase: String, because: LocalizedText, since: Timestamp) {
      self.model = model
      self.phase = phase
      self.because = because
      self.since = since
    }
  }

  package struct Segment: Codable, Sendable, Equatable {
    package var name: String
    /// Nil when it is longer ago than is looked back.
    package var since: Timestamp?

    package init(name: String, since: Timestamp?) {
      self.name = name
      self.since = since
    }
  }

  package struct Account: Codable, Sendable, Equatable {
    package var id: String
    package var name: String?

    package init(id: String, name: String?) {
      self.id = id
      self.name = name
    }
  }

  package struct Moment: Codable, Sendable, Equatable {
    package var time: Timestamp
    package var event: String
    package var channel: String
    package var content: String?
    /// In major units.
    package var value: Double?

    package init(time: Timestamp, event: String, channel: String, content: String?, value: Double?)
    {
      self.time = time
      self.event = event
      self.channel = channel
      self.content = content
      self.value = value
    }
  }

  package struct Basket: Codable, Sendable, Equatable {
    /// The last time that something was put in or taken out.
    package var changed: Timestamp
    package var items: [Item]

    package struct Item: Codable, Sendable, Equatable {
      package var content: String
      package var count: Int
      /// Of all of them, in major units.
      package var value: Double?

      package init(content: String, count: Int, value: Double?) {
        self.content = content
        self.count = count
        self.value = value
      }
    }

    package init(changed: Timestamp, items: [Item]) {
      self.changed = changed
      self.items = items
    }
  }

  package init(
    customer: String, name: String?, at: Timestamp, currency: String, traits: [ProfileTrait] = [],
    calculated: [CalculatedValue] = [], phases: [Phase] = [], segments: [Segment] = [],
    accounts: [Account] = [], identities: CustomerIdentities? = nil, last: [Moment] = [],
    basket: Basket? = nil
  ) {
    self.customer = customer
    self.name = name
    self.at = at
    self.currency = currency
    self.traits = traits
    self.calculated = calculated
    self.phases = phases
    self.segments = segments
    self.accounts = accounts
    self.identities = identities
    self.last = last
    self.basket = basket
  }

  package func calculated(_ trait: CalculatedTrait.BuiltIn) -> CalculatedValue? {
    calculated.first { $0.name == trait.rawValue }
  }
}

/// What a calculated trait is of one customer.
package struct CalculatedValue: Codable, Sendable, Equatable {
  /// How the value is to be read.
  package enum Form: String, Codable, Sendable {
    case text, count, money, days, time, hour, weekday, event, channel, origin, device, phase
  }

  package var name: String
  /// Nil where there is nothing to work it out from.
  package var value: PropertyValue?
  package var form: Form
  /// Why it cannot be worked out now: its rule asks for what is gone.
  package var problem: String?

  package init(name: String, value: PropertyValue?, form: Form, problem: String? = nil) {
    self.name = name
    self.value = value
    self.form = form
    self.problem = problem
  }

  package var number: Double? { value?.number }
  package var text: String? { value?.description }
}
