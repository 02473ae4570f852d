/// What the simulated shop sells.
enum Assortment {
  struct Product: Hashable, Sendable {
    let id: String
    let name: String
    let category: String
    /// In cents.
    let price: Int64
  }

  /// A persona's category that stands for all of them.
  static let everything = "Huis en tuin"

  static let products: [Product] = [
    (
      "Planten",
      ["Lavendel": 499, "Olijfboom": 8_950, "Hortensia": 1_495, "Japanse esdoorn": 5_995]
    ),
    (
      "Tuinmeubelen",
      [
        "Tuinstoel eiken": 12_900, "Tuintafel teak": 44_900, "Loungebank": 79_500,
        "Parasol": 15_900,
      ]
    ),
    (
      "Verlichting",
      ["Solarlamp": 2_495, "Lichtsnoer": 1_995, "Wandlamp koper": 6_950, "Lantaarn": 3_495]
    ),
    (
      "Barbecue",
      ["Kogelbarbecue": 18_900, "Vuurschaal": 9_950, "Pizzaoven": 34_900, "Houtskool": 1_295]
    ),
    ("Gereedschap", ["Snoeischaar": 2_995, "Schepje": 995, "Gieter zink": 3_250, "Hark": 1_895]),
  ].flatMap { category, goods in
    goods.sorted { $0.key < $1.key }.enumerated().map { at, one in
      Product(
        id: "\(category.prefix(3).uppercased())-\(at + 1)", name: one.key, category: category,
        price: Int64(one.value))
    }
  }

  private static let byCategory = Dictionary(grouping: products, by: \.category)

  /// Mostly of the category, now and then of another.
  static func product(of category: String, _ random: inout Chance) -> Product {
    let own = random.happens(0.8) ? byCategory[category] : nil
    return random.one(of: own ?? products)
  }
}
