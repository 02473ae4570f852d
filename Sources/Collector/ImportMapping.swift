package import CustomerJourney

/// What a column can be to a touchpoint.
package enum ImportRole: String, Hashable, Sendable, CaseIterable {
  case customer, time, event, channel, origin, device, content, campaign, value, currency
  /// The client's own id of the message; recognises a row that comes again.
  case id
  case source
  /// Minutes from UTC where the person was.
  case offset
  /// How often `value` counts, when the mapping says `multiply: value by quantity`.
  case quantity

  /// Place in ``allCases``: rows look roles up in arrays, where a dictionary would cost too much.
  var index: Int {
    switch self {
    case .customer: 0
    case .time: 1
    case .event: 2
    case .channel: 3
    case .origin: 4
    case .device: 5
    case .content: 6
    case .campaign: 7
    case .value: 8
    case .currency: 9
    case .id: 10
    case .source: 11
    case .offset: 12
    case .quantity: 13
    }
  }
}

/// How the columns of a file become touchpoints; `docs/import.md` shows every form.
package struct ImportMapping: Hashable, Sendable {
  /// Where a text of a touchpoint comes from.
  package enum Cell: Hashable, Sendable {
    /// The first of these columns that is not empty in the row.
    case columns([String])
    /// Text with columns between braces: `Campaign {campaign_id}`.
    case template(String)

    package static func column(_ name: String) -> Cell { .columns([name]) }
  }

  /// A moment, of one column or of a date and a clock in two.
  package struct Time: Hashable, Sendable {
    package var columns: [String]
    package var format: String?
    package var zone: Zone?

    package init(columns: [String], format: String? = nil, zone: Zone? = nil) {
      self.columns = columns
      self.format = format
      self.zone = zone
    }
  }

  /// What must hold of one column.
  package struct Condition: Hashable, Sendable {
    package enum Test: Hashable, Sendable {
      case isOneOf([String])
      case starts(String)
      case isEmpty
      case isPresent
    }
    package var column: String
    package var test: Test

    package init(column: String, test: Test) {
      self.column = column
      self.test = test
    }
  }

  /// The first that holds decides what the row is.
  package struct Choice: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
      case event(String)
      /// No touchpoint, for this reason.
      case skip(String)
    }
    package var condition: Condition
    package var result: Result

    package init(condition: Condition, result: Result) {
      self.condition = condition
      self.result = result
    }
  }

  /// One of the touchpoints of a row that holds several, such as a deal's begin and end.
  package struct Moment: Hashable, Sendable {
    package var time: Time
    package var event: String
    package var condition: Condition?
    package var value: String?

    package init(time: Time, event: String, condition: Condition? = nil, value: String? = nil) {
      self.time = time
      self.event = event
      self.condition = condition
      self.value = value
    }
  }

  /// A small file whose columns are added to the row that has the same key.
  package struct Join: Hashable, Sendable {
    package var file: String
    /// The column in the row, and in the small file.
    package var column: String
    package var key: String

    package init(file: String, column: String, key: String) {
      self.file = file
      self.column = column
      self.key = key
    }
  }

  /// A column that is kept, and the name that it is kept by.
  package struct Kept: Hashable, Sendable {
    package var column: String
    package var name: String

    package init(column: String, name: String) {
      self.column = column
      self.name = name
    }
  }

  /// A company (B2B) that rows name.
  package struct Company: Hashable, Sendable {
    package var key: Cell
    /// The column with the person's role there.
    package var role: String?
    /// Columns kept of the company.
    package var traits: [Kept]

    package init(key: Cell, role: String? = nil, traits: [Kept] = []) {
      self.key = key
      self.role = role
      self.traits = traits
    }
  }

  package enum Extra: Hashable, Sendable {
    case columns([Kept])
    /// Every column that nothing else uses.
    case all
  }

  /// The client or system: `shop`. Else it is the file's name.
  package var source: String?
  package var encoding: TextEncoding?
  package var delimiter: Delimiter?
  package var hasHeader = true
  /// `.` or `,`; else it is found from the first rows.
  package var decimal: UInt8?
  /// When empty, all are found by their usual names.
  package var columns: [ImportRole: Cell] = [:]
  package var time: Time?
  package var zone: Zone?
  package var constants: [ImportRole: String] = [:]
  /// By role, what stands in the cell and what it means: of event, channel, origin, device.
  package var names: [ImportRole: [String: String]] = [:]
  package var choices: [Choice] = []
  package var moments: [Moment] = []
  package var multipliesByQuantity = false
  /// Neighbouring rows with the same value here are one touchpoint with the sum of their values.
  package var groupBy: String?
  package var traits: [Kept] = []
  /// The company of which the row's person is, or which the row is about.
  package var account: Company?
  package var extra: Extra = .columns([])
  /// Rows without one of these are left out as meant, not as an error.
  package var skipWithout: [String] = []
  package var join: Join?
  /// Where ``join`` finds its file.
  package var folder = ""

  package init() {}
}
