/// How far journeys in memory or in a file have read the store.
package struct StoreMark: Hashable, Sendable {
  /// Tells one database from another.
  package var store: Int64
  /// The highest touchpoint that was read, and something of what it says: two databases of one
  /// origin, such as a copy that was put back, agree on both or are not the same.
  package var row: Int64
  package var rowCheck: Int64
  /// The last change of whole journeys that was read.
  package var change: Int64
  /// The last name that was read.
  package var name: Int64

  package init(
    store: Int64 = 0, row: Int64 = 0, rowCheck: Int64 = 0, change: Int64 = 0, name: Int64 = 0
  ) {
    self.store = store
    self.row = row
    self.rowCheck = rowCheck
    self.change = change
    self.name = name
  }
}
