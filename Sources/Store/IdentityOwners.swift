import CustomerJourney
import GRDB

/// Whose identities are, for reading touchpoints: asked of SQLite for each of a few rows, and held in
/// memory while many are read.
struct IdentityOwners {
  private enum Way {
    /// Nobody belongs to anybody.
    case plain
    case perRow
    case held
  }

  private let way: Way
  /// By number: the customer, 0 for the identity itself, ``several`` where it depends on when.
  private var customers: [UInt32] = []
  private var changing: [Int64: [Ownership]] = [:]
  private static let several = UInt32.max

  /// Rows from which on reading all owners first may be faster than asking for each, and identities
  /// for one such row up to which it is: else a server with millions would read them all at each look.
  private static let (many, identitiesPerRow) = (200_000, Int64(4))

  init(_ db: Database, forRows count: Int) throws {
    // The highest number, 0 where there is none: no more than that are read.
    let last = try Int64.fetchOne(db, sql: "SELECT max(identity) FROM identity_owner") ?? 0
    guard last > 0 else {
      way = .plain
      return
    }
    guard count >= Self.many, last / Self.identitiesPerRow <= count else {
      way = .perRow
      return
    }
    way = .held
    customers = Array(repeating: 0, count: Int(last) + 1)
    let all = try RawStatement(
      "SELECT identity, since, customer FROM identity_owner ORDER BY identity, since", db)
    try all.forEachRow(db) { row in
      let (identity, since, customer) = (row.number(0), row.number(1), row.number(2))
      let place = Int(identity)
      if since == .min, let customer = UInt32(exactly: customer) {
        customers[place] = customer
        return
      }
      if customers[place] != Self.several {
        changing[identity] = [Ownership(since: .min, customer: Int64(customers[place]))]
        customers[place] = Self.several
      }
      changing[identity]?.append(Ownership(since: since, customer: customer))
    }
  }

  /// What to select of a row of `table` for ``customer(of:at:)``.
  func column(of table: String = "touchpoint", moment: String = "occurred") -> String {
    way == .perRow
      ? Schema.customer(of: "\(table).customer", at: "\(table).\(moment)") : "\(table).customer"
  }

  /// The customer of a row of which ``column(of:moment:)`` was selected.
  func customer(of selected: Int64, at moment: Int64) -> Int64 {
    guard selected < customers.count else { return selected }
    switch customers[Int(selected)] {
    case 0: return selected
    case Self.several: return changing[selected]?.customer(at: moment) ?? selected
    case let customer: return Int64(customer)
    }
  }
}
