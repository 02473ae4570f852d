import CustomerJourney

/// Rows of one customer that become one touchpoint together, until their group is complete.
struct RowGroups {
  struct Group {
    var touchpoint: Touchpoint
    /// The sum of the rows' amounts; nil when none has one.
    var millionths: Int64?
    var currency: Currency
    var digests: [MessageIDs.Digest]
    /// Of the first row.
    var line: Int
    var text = ""
  }

  private var open: [(key: String, group: Group)] = []

  /// Adds a row as a group of its own or to the one with its key and currency, and returns the group
  /// that is complete by that, if any. `excerpt` is asked for where the row is the first of its group.
  mutating func add(_ row: Group, key: String, excerpt: () -> String) -> Group? {
    guard
      let at = open.lastIndex(where: { $0.key == key && $0.group.currency == row.currency })
    else {
      let oldest = open.count == Limits.openGroups ? open.removeFirst().group : nil
      var first = row
      first.text = excerpt()
      open.append((key, first))
      return oldest
    }
    // The group that was used last stands last; its array is not copied on the way.
    if at < open.count - 1 { open.append(open.remove(at: at)) }
    let last = open.count - 1
    open[last].group.digests += row.digests
    if let millionths = row.millionths {
      open[last].group.millionths =
        (open[last].group.millionths ?? 0).addingClamped(millionths)
    }
    return open[last].group.digests.count >= Limits.groupRows ? open.removeLast().group : nil
  }

  /// The groups that wait for more rows, the oldest first.
  mutating func takeAll() -> [Group] {
    defer { open = [] }
    return open.map(\.group)
  }
}

extension Int64 {
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, isOver) = addingReportingOverflow(other)
    return isOver ? (other > 0 ? .max : .min) : sum
  }
}
