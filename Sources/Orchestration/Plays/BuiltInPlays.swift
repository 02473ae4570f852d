import CustomerJourney

/// The plays that come with the program, ready to be switched on.
package enum BuiltInPlays {
  package struct BuiltIn: Sendable {
    package let id: String
    package let yaml: String
  }

  /// In the order in which people meet them.
  package static let all: [BuiltIn] = [
    ("abandoned-basket", PackageResources.abandoned_basket_yaml),
    ("welcome", PackageResources.welcome_yaml),
    ("browse", PackageResources.browse_yaml),
    ("order-service", PackageResources.order_service_yaml),
    ("review", PackageResources.review_yaml),
    ("win-back", PackageResources.win_back_yaml),
    ("reorder", PackageResources.reorder_yaml),
    ("referral", PackageResources.referral_yaml),
  ].map { BuiltIn(id: $0.0, yaml: String(decoding: $0.1, as: UTF8.self)) }
}
