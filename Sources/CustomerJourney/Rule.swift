/// A statement that is true or false of a customer at an instant.
package indirect enum Rule: Hashable, Sendable {
  case always(Bool)
}
