import CustomerJourney

/// Turns the fields of rows into touchpoints and traits, as the plan says.
final class RowReader {
  private let plan: RowPlan
  private let source: String
  private let part: String
  private let received: Timestamp
  private let join: JoinTable?
  private var ids: MessageIDs
  private var events: Memo<EventName>
  private var channels: Memo<Channel>
  private var origins: Memo<Origin>
  private var devices: Memo<Device>
  private let constantEvent: EventName?
  private let constantChannel: Channel
  private let constantOrigin: String?
  private let constantDevice: String?
  private let constantContent: String?
  private let constantCampaign: String?
  private var cells: CellReader
  private var columns: [String] = []
  private var groups = RowGroups()
  private var lastTraits: ProfileChange?
  private var lastAccount: ProfileChange?

  init(
    plan: RowPlan, mapping: ImportMapping, source: String, ids: MessageIDs, part: String,
    join: JoinTable?, options: ImportOptions
  ) throws {
    self.plan = plan
    self.source = source
    self.part = part
    self.join = join
    received = options.now
    cells = try CellReader(plan: plan, currency: options.currency)
    self.ids = ids
    events = Memo(mapping.names[.event] ?? [:]) { EventName($0) }
    channels = Memo(mapping.names[.channel] ?? [:]) { Channel($0) }
    origins = Memo(mapping.names[.origin] ?? [:]) { Origin($0) }
    devices = Memo(mapping.names[.device] ?? [:]) { Device($0) }
    constantOrigin = plan.constants[.origin]
    constantDevice = plan.constants[.device]
    constantContent = plan.constants[.content]
    constantCampaign = plan.constants[.campaign]
    constantEvent = plan.constants[.event].map { EventName($0) }
    constantChannel = plan.constants[.channel].map { Channel($0) } ?? .website
  }

  /// Adds what the row is to `batch`. `columns` names those that a JSON file has so far, which may be
  /// more than the plan knows.
  func read(
    _ row: RowFields, columns: [String] = [], line: Int, excerpt: () -> String,
    into batch: inout [ImportedRow]
  ) {
    self.columns = columns
    // Not held on, else the scanner would copy them before it can add one.
    defer { self.columns = [] }
    do throws(RowRejection) {
      if let join, let column = plan.joinColumn {
        join.extend(row, key: cells.text(row[column]), from: plan.fileColumns)
      }
      try readRow(row, line, excerpt, &batch)
    } catch {
      batch.append(
        .rejected(
          RejectedRow(
            part: part, line: line, reason: error.reason, text: excerpt(),
            isExpected: error.isExpected)))
    }
  }

  /// Hands out what waits for more rows.
  func finish(into batch: inout [ImportedRow]) {
    for group in groups.takeAll() { close(group, into: &batch) }
  }

  private func readRow(
    _ row: RowFields, _ line: Int, _ excerpt: () -> String, _ batch: inout [ImportedRow]
  ) throws(RowRejection) {
    for needed in plan.skipWithout {
      var isThere = false
      for column in needed.columns where !cells.isMissing(row[column]) { isThere = true }
      if !isThere {
        throw RowRejection(
          reason: "has no \(needed.name), as the mapping expects", isExpected: true)
      }
    }
    var event: EventName?
    for choice in plan.choices where cells.holds(choice.condition, row) {
      switch choice.result {
      case .event(let name): event = events[name]
      case .skip(let reason): throw RowRejection(reason: reason, isExpected: true)
      }
      break
    }
    guard let customer = try cells.name(.customer, row) else {
      if !plan.hasEvents, plan.traits.isEmpty, plan.account != nil {
        return try readAccount(row, "", line, &batch)
      }
      throw RowRejection(reason: "has no customer")
    }
    if plan.account != nil { try readAccount(row, customer, line, &batch) }
    if !plan.traits.isEmpty { try readTraits(row, customer, line, &batch) }
    guard plan.hasEvents else { return }
    if !plan.moments.isEmpty { return try readMoments(row, customer, line, &batch) }
    if event == nil {
      event = try cells.name(.event, row).map { events[$0] } ?? constantEvent
    }
    guard let event else { throw RowRejection(reason: "has no event") }
    guard let time = plan.time, !cells.isMissing(row[plan.times[time].columns[0]]) else {
      throw RowRejection(reason: "has no time")
    }
    let (occurred, minutes) = try cells.readTime(time, row)
    let (millionths, currency) = try cells.readValue(row)
    var touchpoint = try touchpoint(
      row, customer, event, occurred, minutes, millionths.map { AmountReader.money($0, currency) })
    let digest = ids.digest(of: row, columns: plan.fileColumns)
    if let groupBy = plan.groupBy {
      let key = "\(customer)\u{0}\(cells.text(row[groupBy]))\u{0}\(event.name)"
      let group = RowGroups.Group(
        touchpoint: touchpoint, millionths: millionths, currency: currency, digests: [digest],
        line: line)
      if let complete = groups.add(group, key: key, excerpt: excerpt) {
        close(complete, into: &batch)
      }
      return
    }
    if touchpoint.messageID.isEmpty {
      touchpoint.messageID = ids.id(digest, occurrence: ids.occurrence(of: digest), moment: 0)
    }
    batch.append(.touchpoint(touchpoint, line: line))
  }

  private func readMoments(
    _ row: RowFields, _ customer: String, _ line: Int, _ batch: inout [ImportedRow]
  ) throws(RowRejection) {
    let first = batch.count
    let digest = ids.digest(of: row, columns: plan.fileColumns)
    var occurrence: Int?
    for index in plan.moments.indices {
      let moment = plan.moments[index]
      if cells.isMissing(row[plan.times[moment.time].columns[0]]) { continue }
      if let condition = moment.condition, !cells.holds(condition, row) { continue }
      do throws(RowRejection) {
        let (occurred, minutes) = try cells.readTime(moment.time, row)
        var value: Money?
        if let column = moment.value, !cells.isMissing(row[column]) {
          let millionths = try cells.amount(row[column])
          value = AmountReader.money(millionths, try cells.currency(row, row[column]))
        }
        var touchpoint = try touchpoint(row, customer, moment.event, occurred, minutes, value)
        let count = occurrence ?? ids.occurrence(of: digest)
        occurrence = count
        touchpoint.messageID =
          touchpoint.messageID.isEmpty
          ? ids.id(digest, occurrence: count, moment: index)
          : try cells.checked(id: "\(touchpoint.messageID)#\(index)")
        batch.append(.touchpoint(touchpoint, line: line))
      } catch {
        // A row stands or falls as a whole.
        batch.removeSubrange(first...)
        throw error
      }
    }
    if batch.count == first {
      throw RowRejection(reason: "holds none of the moments: their times are empty")
    }
  }

  private func readTraits(
    _ row: RowFields, _ customer: String, _ line: Int, _ batch: inout [ImportedRow]
  ) throws(RowRejection) {
    var traits: [String: PropertyValue] = [:]
    for kept in plan.traits where !cells.isMissing(row[kept.column]) {
      traits[kept.name] = try trait(row, kept.column)
    }
    if traits.isEmpty {
      if plan.hasEvents || plan.account != nil { return }
      throw RowRejection(reason: "has none of the traits")
    }
    let change = ProfileChange(
      customer: customer, alsoKnownAs: CustomerKey.keys(inTraits: { traits[$0] }), traits: traits,
      occurred: received, source: source)
    if change == lastTraits { return }
    lastTraits = change
    batch.append(.profile(change, line: line))
  }

  private func trait(_ row: RowFields, _ column: Int) throws(RowRejection) -> PropertyValue {
    let value = cells.property(row, column)
    guard value.isShortTrait else {
      throw RowRejection(
        reason:
          "has a trait of more than \(Limits.traitBytes) bytes: leave that column out of the traits"
      )
    }
    return value
  }

  /// The company that the row names, and that its person belongs there; `customer` is empty where the
  /// row is about the company alone.
  private func readAccount(
    _ row: RowFields, _ customer: String, _ line: Int, _ batch: inout [ImportedRow]
  ) throws(RowRejection) {
    guard let account = plan.account else { return }
    guard let key = try cells.name(in: account.key, called: "key of an account", row) else {
      if plan.hasEvents || !plan.traits.isEmpty { return }
      throw RowRejection(reason: "has no key of an account")
    }
    var change = ProfileChange(
      customer: customer, account: key, occurred: received, source: source)
    for kept in account.traits where !cells.isMissing(row[kept.column]) {
      change.accountTraits[kept.name] = try trait(row, kept.column)
    }
    if let column = account.role, !customer.isEmpty, !cells.isMissing(row[column]) {
      change.traits[AccountSettings.roleTraits[0]] = cells.property(row, column)
    }
    if change == lastAccount { return }
    lastAccount = change
    batch.append(.profile(change, line: line))
  }

  /// A touchpoint without an id of its own yet, unless the row has one.
  private func touchpoint(
    _ row: RowFields, _ customer: String, _ event: EventName, _ occurred: Timestamp,
    _ minutes: Int?, _ value: Money?
  ) throws(RowRejection) -> Touchpoint {
    var touchpoint = Touchpoint(
      customer: customer, occurred: occurred, event: event,
      channel: try cells.name(.channel, row).map { channels[$0] } ?? constantChannel, messageID: "",
      source: try cells.name(.source, row) ?? source, received: received, utcOffsetMinutes: minutes)
    // A mapping can translate a spelling into nothing.
    guard !touchpoint.event.name.isEmpty else { throw RowRejection(reason: "has no event") }
    guard !touchpoint.channel.name.isEmpty else { throw RowRejection(reason: "has no channel") }
    if let id = try cells.name(.id, row) { touchpoint.messageID = try cells.checked(id: id) }
    touchpoint.origin = try (cells.name(.origin, row) ?? constantOrigin).map { origins[$0] }
    if touchpoint.origin?.name.isEmpty == true { touchpoint.origin = nil }
    touchpoint.device = try (cells.name(.device, row) ?? constantDevice).map { devices[$0] }
    if touchpoint.device?.name.isEmpty == true { touchpoint.device = nil }
    touchpoint.content = try cells.name(.content, row) ?? constantContent
    touchpoint.campaign = try cells.name(.campaign, row) ?? constantCampaign
    touchpoint.value = value
    if let text = try cells.name(.offset, row) {
      let possible = -Limits.utcOffsetMinutes...Limits.utcOffsetMinutes
      guard let offset = Int(text), possible.contains(offset) else {
        throw RowRejection(
          reason: "has an offset from UTC that is no number of minutes up to "
            + "\(Limits.utcOffsetMinutes)")
      }
      touchpoint.utcOffsetMinutes = offset
    }
    for kept in plan.extra where !cells.isMissing(row[kept.column]) {
      touchpoint.properties[kept.name] = cells.property(row, kept.column)
    }
    if row.count > plan.keepsColumnsFrom {
      for column in plan.keepsColumnsFrom..<row.count where !cells.isMissing(row[column]) {
        touchpoint.properties[columns[column]] = cells.property(row, column)
      }
    }
    // A group gets one more, the number of its rows.
    if touchpoint.properties.count + (plan.groupBy == nil ? 0 : 1) > Limits.propertiesPerEvent {
      throw RowRejection(
        reason: "has more than \(Limits.propertiesPerEvent) properties; name those you need "
          + "under extra in the mapping")
    }
    return touchpoint
  }

  private func close(_ group: RowGroups.Group, into batch: inout [ImportedRow]) {
    var touchpoint = group.touchpoint
    if let millionths = group.millionths {
      guard millionths.magnitude <= UInt64(Limits.amount) * UInt64(AmountReader.millionths) else {
        batch.append(
          .rejected(
            RejectedRow(
              part: part, line: group.line, reason: "has rows that add up to too large an amount",
              text: group.text)))
        return
      }
      touchpoint.value = AmountReader.money(millionths, group.currency)
    }
    touchpoint.properties["lines"] = .number(Double(group.digests.count))
    if touchpoint.messageID.isEmpty {
      let digest = ids.digest(of: group.digests)
      touchpoint.messageID = ids.id(digest, occurrence: ids.occurrence(of: digest), moment: 0)
    }
    batch.append(.touchpoint(touchpoint, line: group.line))
  }
}
