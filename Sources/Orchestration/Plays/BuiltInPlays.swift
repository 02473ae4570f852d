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

/// What the built-in plays say, in English and Dutch, until a project says it in its own words.
package enum BuiltInContents {
  /// The YAML of each, by its id.
  package static let all: [String: String] = [
    "basket-1": PackageResources.basket_1_yaml,
    "basket-2": PackageResources.basket_2_yaml,
    "basket-3": PackageResources.basket_3_yaml,
    "browse-1": PackageResources.browse_1_yaml,
    "order-1": PackageResources.order_1_yaml,
    "order-2": PackageResources.order_2_yaml,
    "referral-1": PackageResources.referral_1_yaml,
    "reorder-1": PackageResources.reorder_1_yaml,
    "review-1": PackageResources.review_1_yaml,
    "welcome-1": PackageResources.welcome_1_yaml,
    "welcome-2": PackageResources.welcome_2_yaml,
    "win-back-1": PackageResources.win_back_1_yaml,
    "win-back-2": PackageResources.win_back_2_yaml,
  ].mapValues { String(decoding: $0, as: UTF8.self) }
}
