extension Bitmap {
  /// Images of one size in a near-square grid on white, each with its number above it, counted from 0, and a caption
  /// below all.
  /// - Returns: nil without images.
  public static func labelledSheet(_ images: [Bitmap], caption: String, scale: Int = 2) -> Bitmap? {
    guard let first = images.first else { return nil }
    let layout = SheetLayout(of: first, count: images.count, caption: caption, scale: scale)
    var sheet = Bitmap(
      width: layout.width, height: layout.height, channels: first.channels, filledWith: 255)
    for (index, image) in images.enumerated() {
      let (x, y) = layout.corner(index)
      sheet.paste(image, scale: scale, x: x, y: y)
      DotFont.draw(
        "\(index)", on: &sheet, x: x, y: y - layout.label, scale: layout.dot, colour: SheetLayout.ink)
    }
    for (index, line) in layout.caption.enumerated() {
      DotFont.draw(
        line, on: &sheet, x: SheetLayout.gap, y: layout.captionTop + index * layout.line, scale: layout.dot,
        colour: SheetLayout.ink)
    }
    return sheet
  }
}

/// Where images, numbers and caption of a labelled sheet stand, in pixels.
struct SheetLayout {
  static let gap = 6
  static let ink: [UInt8] = [60]
  /// Side of a dot of text.
  let dot = 2
  let caption: [String]
  private let columns: Int
  private let rows: Int
  private let cell: (width: Int, height: Int)

  init(of image: Bitmap, count: Int, caption: String, scale: Int) {
    columns = Int(Double(count).squareRoot().rounded(.up))
    rows = (count + columns - 1) / columns
    let label = DotFont.rows * dot + 3
    // The last number is the widest.
    let number = DotFont.width(of: "\(count - 1)") * dot
    cell = (max(image.width * scale, number) + Self.gap, image.height * scale + label + Self.gap)
    self.caption = DotFont.lines(caption, width: columns * (cell.width) / dot - Self.gap / dot)
  }

  /// From a number's top to its image's.
  var label: Int { DotFont.rows * dot + 3 }
  /// From one line's top to the next.
  var line: Int { DotFont.rows * dot + 5 }
  var width: Int { columns * cell.width + Self.gap }
  var captionTop: Int { rows * cell.height + 2 * Self.gap }
  var height: Int { captionTop + (caption.isEmpty ? 0 : caption.count * line + Self.gap - 5) }

  /// Where an image's upper left pixel goes.
  func corner(_ index: Int) -> (x: Int, y: Int) {
    (
      Self.gap + index % columns * cell.width, Self.gap + label + index / columns * cell.height
    )
  }
}
