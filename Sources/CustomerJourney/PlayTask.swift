/// Work that a play gave to a person.
package struct PlayTask: Hashable, Sendable, Identifiable {
  package var id: Int64
  package var play: String
  /// The store's number of the customer whose run it is now.
  package var customer: Int64
  package var text: LocalizedText
  package var created: Timestamp
  /// Nil while it is open.
  package var done: Timestamp?

  package init(
    id: Int64, play: String, customer: Int64, text: LocalizedText, created: Timestamp,
    done: Timestamp? = nil
  ) {
    self.id = id
    self.play = play
    self.customer = customer
    self.text = text
    self.created = created
    self.done = done
  }
}
