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

  /// Rows from which on reading all owners first is faster than asking for each.
  private static let many = 200_000

  init(_ db: Database, forRows count: Int) throws {
    let isPlain = try Bool.fetchOne(db, sql: "SELECT NOT EXISTS (SELECT 1 FROM identity_owner)")
    guard isPlain == false, count >= Self.many else {
      way = isPlain == false ? .perRow : .plain
      return
    }
    way = .held
    let last = try Int64.fetchOne(db, sql: "SELECT max(identity) FROM identity_owner") ?? 0
    customers = Array(repeating: 0, count: Int(last) + 1)
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT identity, since, customer FROM identity_owner ORDER BY identity, since")
    while let row = try cursor.next() {
      let (identity, since, customer): (Int64, Int64, Int64) = (row[0], row[1], row[2])
      let place = Int(identity)
      if since == .min, let customer = UInt32(exactly: customer) {
        customers[place] = customer
        continue
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
