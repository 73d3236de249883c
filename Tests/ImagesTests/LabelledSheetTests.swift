import Testing

@testable import Images

struct LabelledSheetTests {
  /// A text's dots, drawn alone.
  private func dots(_ text: String) -> Bitmap {
    var image = Bitmap(width: max(DotFont.width(of: text), 1), height: 5, channels: 1, filledWith: 255)
    DotFont.draw(text, on: &image, x: 0, y: 0, scale: 1, colour: [0])
    return image
  }

  @Test("Letters, digits and marks look each like no other, and fill the width they say")
  func glyphs() {
    let all = Array("0123456789ABCDEFGHIJKLMNPQRSTUVWXYZ.,:-_/+=()%'#")
    for (index, character) in all.enumerated() {
      let own = dots(String(character))
      #expect(own.pixels.contains(0))
      #expect(own.pixels.count == 5 * DotFont.width(of: String(character)))
      for other in all[..<index] { #expect(dots(String(other)) != own, "\(character) \(other)") }
    }
    #expect(dots("a") == dots("A") && dots("é") == dots("日"))
    #expect(DotFont.width(of: "AB") == 7 && DotFont.width(of: "") == 0)
  }

  @Test("Lines are as wide as they may be at most, and lose nothing that fits")
  func lines() {
    let text = "model mine.safetensors seed 7 steps 64"
    for width in [30, 80, 200, 1000] {
      let lines = DotFont.lines(text, width: width)
      #expect(lines.allSatisfy { DotFont.width(of: $0) <= width })
      if width >= 80 { #expect(lines.joined(separator: " ") == text) }
    }
    #expect(DotFont.lines(text, width: 1000).count == 1)
  }

  @Test(
    "Every image stands in the sheet whole, its number above it, and the caption below", arguments: [1, 3])
  func sheet(channels: Int) throws {
    let images = (0..<11).map { index in
      Bitmap(
        width: 9, height: 8, channels: channels,
        pixels: Bitmap.ramp(9, 8, channels).pixels.map { ($0 &+ UInt8(17 * index)) % 250 })
    }
    let sheet = try #require(Bitmap.labelledSheet(images, caption: "seed 3", scale: 2))
    let layout = SheetLayout(of: images[0], count: 11, caption: "seed 3", scale: 2)
    #expect(sheet.channels == channels && sheet.width == layout.width && sheet.height == layout.height)
    func part(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Bitmap {
      var pixels: [UInt8] = []
      for row in y..<y + height {
        pixels +=
          sheet.pixels[(row * sheet.width + x) * channels..<(row * sheet.width + x + width) * channels]
      }
      return Bitmap(width: width, height: height, channels: channels, pixels: pixels)
    }
    func text(_ text: String) -> Bitmap {
      var image = Bitmap(
        width: 2 * DotFont.width(of: text), height: 10, channels: channels, filledWith: 255)
      DotFont.draw(text, on: &image, x: 0, y: 0, scale: 2, colour: SheetLayout.ink)
      return image
    }
    for (index, image) in images.enumerated() {
      let (x, y) = layout.corner(index)
      #expect(part(x, y, 18, 16) == image.enlarged(by: 2))
      let label = text("\(index)")
      #expect(part(x, y - layout.label, label.width, 10) == label)
    }
    let caption = text("seed 3")
    #expect(part(SheetLayout.gap, layout.captionTop, caption.width, 10) == caption)
    #expect(Bitmap.labelledSheet([], caption: "") == nil)
  }
}
