import CustomerJourney

/// What draws a content's blocks as HTML. Texts that it is given are escaped already, and addresses are
/// checked.
protocol BlockDrawer {
  func heading(_ text: String) -> String
  /// Empty lines begin new paragraphs.
  func text(_ text: String, isSmall: Bool) -> String
  func button(_ text: String, link: String) -> String
  func picture(_ source: String, description: String, link: String?) -> String
  func products(_ products: [ShownProduct], title: String?) -> String
  var line: String { get }
}

/// A product of a list in a content; its texts are not escaped yet.
struct ShownProduct {
  var name: String
  var price: String?
  var image: String?
  var link: String?
}

/// Draws blocks for a page of the shop: plain elements that look as the page's own style sheet says, for
/// many pages allow no styles at elements. Classes begin with `klantreis-`.
struct SlotHTML: BlockDrawer {
  func heading(_ text: String) -> String { #"<h2 class="klantreis-heading">\#(text)</h2>"# }

  func text(_ text: String, isSmall: Bool) -> String {
    text.split(separator: "\n\n").map { part in
      let lines = part.trimmed.replacing("\n", with: "<br>")
      return #"<p class="klantreis-text">\#(isSmall ? "<small>\(lines)</small>" : lines)</p>"#
    }.joined()
  }

  func button(_ text: String, link: String) -> String {
    #"<p><a class="klantreis-button" href="\#(ContentEscaping.html(link))">\#(text)</a></p>"#
  }

  func picture(_ source: String, description: String, link: String?) -> String {
    let image =
      #"<img class="klantreis-picture" src="\#(ContentEscaping.html(source))" alt="\#(description)">"#
    return "<p>\(Self.linked(image, link))</p>"
  }

  func products(_ products: [ShownProduct], title: String?) -> String {
    let e = ContentEscaping.html
    let items = products.map { product in
      let image = product.image.map { #"<img src="\#(e($0))" alt="">"# } ?? ""
      let price = product.price.map { #" <span class="klantreis-price">\#(e($0))</span>"# } ?? ""
      return "<li>\(Self.linked("\(image)<b>\(e(product.name))</b>", product.link))\(price)</li>"
    }
    return (title.map { #"<h3 class="klantreis-heading">\#($0)</h3>"# } ?? "")
      + #"<ul class="klantreis-products">\#(items.joined())</ul>"#
  }

  var line: String { "<hr>" }

  private static func linked(_ inner: String, _ link: String?) -> String {
    link.map { #"<a href="\#(ContentEscaping.html($0))">\#(inner)</a>"# } ?? inner
  }
}
