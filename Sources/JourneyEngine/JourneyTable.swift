package import CustomerJourney

/// All journeys at one moment: one column a fact, sorted by (customer, time, sequence).
///
/// Immutable, so that any number of readers share one without locks. A touchpoint takes 31 bytes, one
/// bit more where amounts are in several currencies, and a customer 8. Row `i` of every column is the same touchpoint; journey `k` is the rows
/// `starts[k]..<starts[k + 1]` and belongs to the customer `customers[k]`.
package final class JourneyTable: NamedJourneys, Sendable {
  /// The currency that ``values`` counts in; amounts in others are not in it, see
  /// ``foreignValues``.
  package let currency: Currency
  /// Touchpoints whose value is in another currency and therefore counts as 0.
  package let foreignValues: Int
  /// True when a touchpoint has a value in ``currency``.
  package let hasValues: Bool
  /// The first and the last moment; nil when there are no touchpoints.
  let extent: Extent?

  /// The store's number of each journey's customer, ascending.
  package let customers: Column<UInt32>
  /// One more than there are journeys; the last is the number of touchpoints.
  package let starts: Column<UInt32>

  /// Milliseconds since 1970, UTC.
  package let times: Column<Int64>
  package let events: Column<UInt16>
  package let channels: Column<UInt8>
  package let origins: Column<UInt8>
  package let devices: Column<UInt8>
  package let contents: Column<UInt32>
  package let campaigns: Column<UInt16>
  /// Minor units of ``currency``.
  package let values: Column<Int64>
  /// The store's row of each touchpoint. Kept in memory only for the journey of one customer and
  /// for properties; folds don't read it.
  package let rowIDs: Column<UInt32>
  /// None of ``rowIDs`` is higher: known without reading those of a file.
  let lastRowID: Int64
  /// A bit a touchpoint: is its value in another currency? Empty when no value is.
  let foreign: Column<UInt64>

  package let names: [Dimension: Names]
  /// Where the phases of these journeys are to stand.
  let storage: ColumnStorage

  package var count: Int { times.count }
  package var journeyCount: Int { customers.count }
  /// What the columns take, but for the bits of ``foreign``.
  var columnBytes: Int { count * 31 + journeyCount * 8 }

  package func isForeign(row: Int) -> Bool {
    foreign.count > 0 && foreign[row / 64] >> UInt64(row % 64) & 1 == 1
  }

  package func rows(ofJourney k: Int) -> Range<Int> { Int(starts[k])..<Int(starts[k + 1]) }

  /// The journey of a customer, or nil when that customer has no touchpoints.
  package func journey(ofCustomer customer: UInt32) -> Int? {
    var low = 0
    var high = customers.count
    while low < high {
      let middle = (low + high) / 2
      if customers[middle] < customer { low = middle + 1 } else { high = middle }
    }
    return low < customers.count && customers[low] == customer ? low : nil
  }

  /// The name that a touchpoint has in `dimension`, ``Names/noneName`` where it says nothing.
  package func name(_ dimension: Dimension, row: Int) -> String {
    names(dimension)[code(dimension, row: row)]
  }

  package func code(_ dimension: Dimension, row: Int) -> UInt32 {
    switch dimension {
    case .event: UInt32(events[row])
    case .channel: UInt32(channels[row])
    case .origin: UInt32(origins[row])
    case .device: UInt32(devices[row])
    case .content: contents[row]
    case .campaign: UInt32(campaigns[row])
    }
  }

  init(_ builder: consuming Builder) {
    currency = builder.currency
    names = builder.names
    storage = builder.storage
    let filled = FilledColumns(builder.rows, in: storage)
    customers = Column(filled.customers, in: storage)
    starts = Column(filled.starts, in: storage)
    times = filled.times.column
    values = filled.values.column
    contents = filled.contents.column
    rowIDs = filled.rowIDs.column
    lastRowID = Int64(rowIDs.values.max() ?? 0)
    events = filled.events.column
    campaigns = filled.campaigns.column
    channels = filled.channels.column
    origins = filled.origins.column
    devices = filled.devices.column
    foreign = filled.foreignBits
    foreignValues = filled.foreign.count
    hasValues = filled.hasValues
    extent = Extent(of: times, starts: starts, journeys: 0..<customers.count)
  }

  /// Columns that are sorted already.
  init(
    currency: Currency, foreignValues: Int, hasValues: Bool, extent: Extent?, lastRowID: Int64,
    names: [Dimension: Names], columns: Stored, storage: ColumnStorage
  ) {
    self.currency = currency
    self.foreignValues = foreignValues
    self.hasValues = hasValues
    self.extent = extent
    self.lastRowID = lastRowID
    self.names = names
    self.storage = storage
    customers = columns.customers
    starts = columns.starts
    times = columns.times
    values = columns.values
    contents = columns.contents
    rowIDs = columns.rowIDs
    events = columns.events
    campaigns = columns.campaigns
    channels = columns.channels
    origins = columns.origins
    devices = columns.devices
    foreign = columns.foreign
  }

  struct Stored {
    var customers: Column<UInt32>
    var starts: Column<UInt32>
    var times: Column<Int64>
    var values: Column<Int64>
    var contents: Column<UInt32>
    var rowIDs: Column<UInt32>
    var events: Column<UInt16>
    var campaigns: Column<UInt16>
    var channels: Column<UInt8>
    var origins: Column<UInt8>
    var devices: Column<UInt8>
    var foreign: Column<UInt64>
  }
}

/// What a question's answer needs besides columns: the names behind codes, and the money.
package protocol NamedJourneys {
  var names: [Dimension: Names] { get }
  var currency: Currency { get }
  /// Touchpoints whose value is in another currency and therefore counts as 0.
  var foreignValues: Int { get }
}

extension NamedJourneys {
  package func names(_ dimension: Dimension) -> Names {
    names[dimension] ?? Names(dimension)
  }
}

/// The first and last moment of some journeys, and a journey that has each.
struct Extent: Sendable, Equatable {
  /// Milliseconds since 1970, UTC.
  var first: Int64
  var firstJourney: Int
  var last: Int64
  var lastJourney: Int

  /// Nil without journeys. Every journey has touchpoints, in order of time.
  init?(of times: Column<Int64>, starts: Column<UInt32>, journeys: some Sequence<Int>) {
    var extent: Extent?
    for journey in journeys {
      let first = times[Int(starts[journey])]
      let last = times[Int(starts[journey + 1]) - 1]
      guard var known = extent else {
        extent = Extent(first: first, firstJourney: journey, last: last, lastJourney: journey)
        continue
      }
      if first < known.first { (known.first, known.firstJourney) = (first, journey) }
      if last > known.last { (known.last, known.lastJourney) = (last, journey) }
      extent = known
    }
    guard let extent else { return nil }
    self = extent
  }

  init(first: Int64, firstJourney: Int, last: Int64, lastJourney: Int) {
    self.first = first
    self.firstJourney = firstJourney
    self.last = last
    self.lastJourney = lastJourney
  }
}

extension JourneyTable {
  /// One touchpoint on its way into a table, its names as codes of the builder.
  package struct Row: Sendable {
    package var customer: UInt32
    /// Milliseconds since 1970, UTC.
    package var time: Int64
    /// The store's row, 0 to 4,294,967,295; orders touchpoints of the same moment by arrival.
    package var rowID: Int64
    package var event: UInt32
    package var channel: UInt32
    package var origin: UInt32 = Names.none
    package var device: UInt32 = Names.none
    package var content: UInt32 = Names.none
    package var campaign: UInt32 = Names.none
    /// Minor units of the builder's currency.
    package var value: Int64 = 0
    /// The value is in another currency, and ``value`` is 0.
    package var isForeign = false

    package init(
      customer: UInt32, time: Int64, rowID: Int64, event: UInt32, channel: UInt32,
      origin: UInt32 = Names.none, device: UInt32 = Names.none, content: UInt32 = Names.none,
      campaign: UInt32 = Names.none, value: Int64 = 0,
      isForeign: Bool = false
    ) {
      self.customer = customer
      self.time = time
      self.rowID = rowID
      self.event = event
      self.channel = channel
      self.origin = origin
      self.device = device
      self.content = content
      self.campaign = campaign
      self.value = value
      self.isForeign = isForeign
    }
  }

  /// One of this table's own touchpoints.
  func row(_ row: Int, ofCustomer customer: UInt32) -> Row {
    Row(
      customer: customer, time: times[row], rowID: Int64(rowIDs[row]),
      event: UInt32(events[row]), channel: UInt32(channels[row]), origin: UInt32(origins[row]),
      device: UInt32(devices[row]), content: contents[row], campaign: UInt32(campaigns[row]),
      value: values[row], isForeign: isForeign(row: row))
  }

  /// Collects touchpoints in any order and sorts them into a table. Takes 36 bytes a touchpoint, and
  /// not much more while it sorts; where many are expected, in a file of the storage.
  package struct Builder: ~Copyable {
    package let currency: Currency
    package private(set) var names: [Dimension: Names]
    fileprivate let storage: ColumnStorage
    fileprivate var rows = GatheredRows()

    package init(currency: Currency = .eur, storage: ColumnStorage = .own) {
      self.init(
        currency: currency,
        names: Dictionary(uniqueKeysWithValues: Dimension.allCases.map { ($0, Names($0)) }),
        storage: storage)
    }

    /// Codes of names that are known already stay what they are.
    init(currency: Currency, names: [Dimension: Names], storage: ColumnStorage = .own) {
      self.currency = currency
      self.names = names
      self.storage = storage
    }

    package var count: Int { rows.count }
    var customers: Set<UInt32> { rows.customers }

    /// Says before the first touchpoint about how many will come: what is for many costs few too much.
    package mutating func expect(touchpoints: Int) {
      precondition(count == 0, "what is to come is said first")
      rows = GatheredRows(expecting: touchpoints, in: storage)
    }

    package mutating func code(_ dimension: Dimension, _ name: String?) -> UInt32 {
      guard let name else { return Names.none }
      return names[dimension]?.intern(name) ?? Names.none
    }

    package mutating func append(_ row: Row) { rows.append(GatheredRow(row)) }

    /// `rowID` defaults to the order of the calls.
    package mutating func append(
      _ touchpoint: Touchpoint, customer: UInt32, rowID: Int64? = nil
    ) {
      let isForeign = touchpoint.value.map { $0.currency != currency } ?? false
      append(
        Row(
          customer: customer, time: touchpoint.occurred.milliseconds,
          rowID: rowID ?? Int64(count + 1),
          event: code(.event, touchpoint.event.name),
          channel: code(.channel, touchpoint.channel.name),
          origin: code(.origin, touchpoint.origin?.name),
          device: code(.device, touchpoint.device?.name),
          content: code(.content, touchpoint.content),
          campaign: code(.campaign, touchpoint.campaign),
          value: isForeign ? 0 : touchpoint.value?.minorUnits ?? 0, isForeign: isForeign))
    }

    package consuming func build() -> JourneyTable { JourneyTable(self) }
  }
}
