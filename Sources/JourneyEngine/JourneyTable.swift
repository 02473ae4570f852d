package import CustomerJourney

/// All journeys at one moment: one column a fact, sorted by (customer, time, sequence).
///
/// Immutable, so that any number of readers share one without locks. A touchpoint takes 31 bytes and
/// a customer 8. Row `i` of every column is the same touchpoint; journey `k` is the rows
/// `starts[k]..<starts[k + 1]` and belongs to the customer `customers[k]`.
package final class JourneyTable: Sendable {
  /// The currency that ``values`` counts in; amounts in others are not in it, see
  /// ``foreignValues``.
  package let currency: Currency
  /// Touchpoints whose value is in another currency and therefore counts as 0.
  package let foreignValues: Int

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

  package let names: [Dimension: Names]

  package var count: Int { times.count }
  package var journeyCount: Int { customers.count }

  package func names(_ dimension: Dimension) -> Names {
    names[dimension] ?? Names(dimension)
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
    let order = SortOrder(
      customers: builder.customers, times: builder.times, rowIDs: builder.rowIDs)
    currency = builder.currency
    foreignValues = builder.foreignValues
    names = builder.names
    customers = Column(order.customers)
    starts = Column(order.starts)
    // One column at a time, letting go of the unsorted one, so that both exist only for one fact.
    builder.customers = []
    times = order.gather(&builder.times)
    events = order.gather(&builder.events)
    channels = order.gather(&builder.channels)
    origins = order.gather(&builder.origins)
    devices = order.gather(&builder.devices)
    contents = order.gather(&builder.contents)
    campaigns = order.gather(&builder.campaigns)
    values = order.gather(&builder.values)
    rowIDs = order.gather(&builder.rowIDs)
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

    package init(
      customer: UInt32, time: Int64, rowID: Int64, event: UInt32, channel: UInt32,
      origin: UInt32 = Names.none, device: UInt32 = Names.none, content: UInt32 = Names.none,
      campaign: UInt32 = Names.none, value: Int64 = 0
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
    }
  }

  /// Collects touchpoints in any order and sorts them into a table.
  ///
  /// Holds them in columns as narrow as the table's own: 35 bytes a touchpoint, and 8 more while it
  /// sorts.
  package struct Builder: ~Copyable {
    package let currency: Currency
    package private(set) var foreignValues = 0
    package private(set) var names: [Dimension: Names]
    fileprivate var customers: [UInt32] = []
    fileprivate var times: [Int64] = []
    fileprivate var rowIDs: [UInt32] = []
    fileprivate var events: [UInt16] = []
    fileprivate var channels: [UInt8] = []
    fileprivate var origins: [UInt8] = []
    fileprivate var devices: [UInt8] = []
    fileprivate var contents: [UInt32] = []
    fileprivate var campaigns: [UInt16] = []
    fileprivate var values: [Int64] = []

    package init(currency: Currency = .eur) {
      self.currency = currency
      names = Dictionary(uniqueKeysWithValues: Dimension.allCases.map { ($0, Names($0)) })
    }

    /// Begins with all touchpoints of `table`; what is appended comes beside them. Names keep their
    /// codes.
    package init(extending table: JourneyTable) {
      currency = table.currency
      foreignValues = table.foreignValues
      names = table.names
      customers.reserveCapacity(table.count)
      for journey in 0..<table.journeyCount {
        customers.append(
          contentsOf: repeatElement(
            table.customers[journey], count: table.rows(ofJourney: journey).count))
      }
      times = Array(table.times.values)
      rowIDs = Array(table.rowIDs.values)
      events = Array(table.events.values)
      channels = Array(table.channels.values)
      origins = Array(table.origins.values)
      devices = Array(table.devices.values)
      contents = Array(table.contents.values)
      campaigns = Array(table.campaigns.values)
      values = Array(table.values.values)
    }

    package var count: Int { times.count }

    package mutating func reserve(_ touchpoints: Int) {
      customers.reserveCapacity(touchpoints)
      times.reserveCapacity(touchpoints)
      rowIDs.reserveCapacity(touchpoints)
      events.reserveCapacity(touchpoints)
      channels.reserveCapacity(touchpoints)
      origins.reserveCapacity(touchpoints)
      devices.reserveCapacity(touchpoints)
      contents.reserveCapacity(touchpoints)
      campaigns.reserveCapacity(touchpoints)
      values.reserveCapacity(touchpoints)
    }

    package mutating func code(_ dimension: Dimension, _ name: String?) -> UInt32 {
      guard let name else { return Names.none }
      return names[dimension]?.intern(name) ?? Names.none
    }

    package mutating func append(_ row: Row) {
      customers.append(row.customer)
      times.append(row.time)
      rowIDs.append(UInt32(row.rowID))
      events.append(UInt16(row.event))
      channels.append(UInt8(row.channel))
      origins.append(UInt8(row.origin))
      devices.append(UInt8(row.device))
      contents.append(row.content)
      campaigns.append(UInt16(row.campaign))
      values.append(row.value)
    }

    /// Says that a touchpoint's value is in another currency than ``currency``.
    package mutating func noteForeignValue() { foreignValues += 1 }

    /// `rowID` defaults to the order of the calls.
    package mutating func append(
      _ touchpoint: Touchpoint, customer: UInt32, rowID: Int64? = nil
    ) {
      var value: Int64 = 0
      if let money = touchpoint.value {
        if money.currency == currency { value = money.minorUnits } else { noteForeignValue() }
      }
      append(
        Row(
          customer: customer, time: touchpoint.occurred.milliseconds,
          rowID: rowID ?? Int64(count + 1),
          event: code(.event, touchpoint.event.name),
          channel: code(.channel, touchpoint.channel.name),
          origin: code(.origin, touchpoint.origin?.name),
          device: code(.device, touchpoint.device?.name),
          content: code(.content, touchpoint.content),
          campaign: code(.campaign, touchpoint.campaign), value: value))
    }

    package consuming func build() -> JourneyTable { JourneyTable(self) }
  }
}
