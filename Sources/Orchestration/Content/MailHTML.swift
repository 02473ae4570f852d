import CustomerJourney

/// Draws a mail's blocks as HTML that the usual mail programs show well: tables, styles at each element,
/// one column that is at most 600 wide and products that stack on a phone. Programs that know dark mode
/// get its colours from the style sheet on top; others ignore it.
struct MailHTML: BlockDrawer {
  let look: MailLook
  let language: Language

  /// The whole document around drawn blocks.
  func page(subject: String, preheader: String, body: String, footer: String) -> String {
    let e = ContentEscaping.html
    let brand =
      look.logo.map {
        #"<img src="\#(e($0))" alt="\#(e(look.company))" height="36" style="display:block;height:36px;border:0;">"#
      } ?? e(look.company)
    // Between the preheader and the text, so that a program shows no part of the text beside it.
    let filler = preheader.isEmpty ? "" : String(repeating: "&#847;&zwnj;&nbsp;", count: 60)
    return """
      <!doctype html>
      <html lang="\(language.rawValue)"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
      <title>\(e(subject))</title>
      <style>
      :root{color-scheme:light dark;supported-color-schemes:light dark}
      a{color:\(look.accent)}
      @media (max-width:480px){.k-col{display:block!important;width:100%!important;padding:0 0 20px 0!important}.k-pad{padding-left:20px!important;padding-right:20px!important}.k-h1{font-size:24px!important}}
      @media (prefers-color-scheme:dark){.k-back{background:#14171c!important}.k-card{background:#1e232b!important}.k-ink,.k-h1{color:#eef1f5!important}.k-soft{color:#a9b2bf!important}.k-rule{border-color:#39414d!important}.k-link{color:#9ec1ff!important}}
      </style></head>
      <body class="k-back" style="margin:0;padding:0;background:#f2f4f7;">
      <div style="display:none;max-height:0;overflow:hidden;opacity:0;">\(e(preheader))\(filler)</div>
      <table role="presentation" class="k-back" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f2f4f7;"><tr><td align="center" style="padding:24px 12px;">
      <table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;">
      <tr><td class="k-ink k-pad" style="padding:8px 36px 20px 36px;\(Self.font)font-size:18px;font-weight:bold;color:#1b2430;">\(brand)</td></tr>
      <tr><td class="k-card k-pad" style="background:#ffffff;border-radius:12px;padding:36px 36px 20px 36px;">
      \(body)</td></tr>
      <tr><td class="k-soft k-pad" style="padding:20px 36px 8px 36px;\(Self.font)font-size:13px;line-height:20px;color:#5d6875;">\(footer)</td></tr>
      </table></td></tr></table></body></html>

      """
  }

  func heading(_ text: String) -> String {
    #"<h1 class="k-h1" style="margin:0 0 16px 0;\#(Self.font)font-size:28px;line-height:1.25;font-weight:bold;color:#1b2430;">\#(text)</h1>"#
      + "\n"
  }

  func text(_ text: String, isSmall: Bool) -> String {
    let style =
      isSmall
      ? "font-size:13px;line-height:20px;color:#5d6875;"
      : "font-size:16px;line-height:25px;color:#1b2430;"
    return text.split(separator: "\n\n").map { part in
      let lines = part.trimmed.replacing("\n", with: "<br>")
      return
        #"<p class="\#(isSmall ? "k-soft" : "k-ink")" style="margin:0 0 16px 0;\#(Self.font)\#(style)">\#(lines)</p>"#
        + "\n"
    }.joined()
  }

  func button(_ text: String, link: String) -> String {
    """
    <table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px 0;"><tr><td style="background:\(look.accent);border-radius:8px;"><a href="\(ContentEscaping.html(link))" style="display:inline-block;padding:13px 26px;\(Self.font)font-size:16px;font-weight:bold;color:\(look.onAccent);text-decoration:none;">\(text)</a></td></tr></table>

    """
  }

  func picture(_ source: String, description: String, link: String?) -> String {
    let image =
      #"<img src="\#(ContentEscaping.html(source))" alt="\#(description)" width="528" style="display:block;width:100%;max-width:528px;height:auto;border:0;border-radius:8px;">"#
    let linked =
      link.map {
        #"<a href="\#(ContentEscaping.html($0))" style="text-decoration:none;">\#(image)</a>"#
      }
      ?? image
    return #"<div style="margin:0 0 20px 0;">\#(linked)</div>"# + "\n"
  }

  var line: String {
    #"<div class="k-rule" style="border-top:1px solid #dfe4ea;margin:8px 0 20px 0;font-size:0;line-height:0;">&nbsp;</div>"#
      + "\n"
  }

  /// Three beside each other, on a phone one below the other.
  func products(_ products: [ShownProduct], title: String?) -> String {
    var out =
      title.map {
        #"<h2 class="k-ink" style="margin:8px 0 14px 0;\#(Self.font)font-size:18px;line-height:24px;color:#1b2430;">\#($0)</h2>"#
          + "\n"
      } ?? ""
    for start in stride(from: 0, to: products.count, by: 3) {
      let row = products[start..<min(start + 3, products.count)]
      out +=
        #"<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px 0;"><tr>"#
      for product in row { out += cell(product) }
      for _ in row.count..<3 { out += #"<td class="k-col" width="33%">&nbsp;</td>"# }
      out += "</tr></table>\n"
    }
    return out
  }

  private func cell(_ product: ShownProduct) -> String {
    let e = ContentEscaping.html
    var inner = ""
    if let image = product.image {
      inner +=
        #"<img src="\#(e(image))" alt="" width="160" style="display:block;width:100%;max-width:260px;height:auto;border:0;border-radius:8px;margin:0 0 8px 0;">"#
    }
    inner +=
      #"<span class="k-ink" style="color:#1b2430;font-weight:bold;">\#(e(product.name))</span>"#
    if let link = product.link {
      inner = #"<a href="\#(e(link))" style="text-decoration:none;">\#(inner)</a>"#
    }
    if let price = product.price {
      inner += #"<br><span class="k-soft" style="color:#5d6875;">\#(e(price))</span>"#
    }
    return
      #"<td class="k-col" width="33%" valign="top" style="\#(Self.font)font-size:14px;line-height:20px;padding:0 10px 8px 0;">\#(inner)</td>"#
  }

  private static let font =
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
}

/// How a company's mails look, and what stands below them.
package struct MailLook: Hashable, Sendable {
  package var company: String
  /// The postal address: the law of most countries wants one in commercial mail.
  package var address: String
  package var logo: String?
  /// `#2456c9`; of buttons and links.
  package var accent: String

  package init(
    company: String, address: String = "", logo: String? = nil, accent: String = "#2456c9"
  ) {
    self.company = company
    self.address = address
    self.logo = logo
    self.accent = Self.isColour(accent) ? accent : "#2456c9"
  }

  package static func isColour(_ text: String) -> Bool {
    text.utf8.count == 7 && text.hasPrefix("#") && text.dropFirst().allSatisfy(\.isHexDigit)
  }

  /// Black or white, whichever can be read on the accent (WCAG's relative luminance).
  var onAccent: String {
    let parts = [1, 3, 5].map { start -> Double in
      let from = accent.index(accent.startIndex, offsetBy: start)
      let value = Double(Int(accent[from..<accent.index(from, offsetBy: 2)], radix: 16) ?? 0) / 255
      return value <= 0.04045 ? value / 12.92 : Self.power(value)
    }
    let luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return luminance > 0.18 ? "#000000" : "#ffffff"
  }

  /// ((value + 0.055) / 1.055)^2.4 closely enough to choose between black and white.
  private static func power(_ value: Double) -> Double {
    let base = (value + 0.055) / 1.055
    return base * base * (base.squareRoot() * 0.8 + base * 0.2)
  }
}
