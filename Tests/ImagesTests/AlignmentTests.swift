import Files
import Foundation
import Testing

@testable import Images

/// A tool on a table: a bar with a ring at one end and a peg on one side, so that no turn and no mirror brings it to itself.
struct Tool {
  var width = 160
  var height = 120
  /// Middle of the bar and how it is turned, in pixels and radians, downwards.
  var x = 80.0
  var y = 60.0
  var angle = 0.0
  var isMirrored = false
  /// Half of the bar's length.
  var half = 30.0
  /// Deviation of the noise, in grey levels.
  var noise = 2.0
  var seed: UInt64 = 1
  static let table = 190.0
  static let steel = 90.0

  /// Share of the thing at a place in its own axes, by its distance from the outline.
  private func share(_ u: Double, _ v: Double) -> Double {
    let bar = max(abs(u) - half, abs(v) - 4)
    let ring = abs(((u - half) * (u - half) + v * v).squareRoot() - 8) - 3
    let peg = max(abs(u + 0.4 * half) - 3, abs(v + 7) - 6)
    return min(max(0.5 - min(bar, ring, peg), 0), 1)
  }

  func picture(channels: Int = 1) -> Bitmap {
    var random = AlterationTests.SeededGenerator(state: seed &* 0x9E37_79B9_7F4A_7C15)
    var image = Bitmap(width: width, height: height, channels: channels, filledWith: 0)
    for row in 0..<height {
      for column in 0..<width {
        let (dx, dy) = (Double(column) + 0.5 - x, Double(row) + 0.5 - y)
        let u = dx * cos(angle) + dy * sin(angle)
        let v = (dy * cos(angle) - dx * sin(angle)) * (isMirrored ? -1 : 1)
        let part = share(u, v)
        // Light falls off to one side and towards the corners.
        let (a, b) = (Double(column) / Double(width) - 0.5, Double(row) / Double(height) - 0.5)
        let ground = Self.table + 20 * a - 30 * (a * a + b * b)
        let level = part * Self.steel + (1 - part) * ground
        for c in 0..<channels {
          let jitter = noise * (Double.random(in: -1...1, using: &random) * 3.0.squareRoot())
          image.pixels[(row * width + column) * channels + c] = UInt8(
            min(max(level + jitter, 0), 255).rounded())
        }
      }
    }
    return image
  }

  /// Tools that lie anyhow.
  static func some(_ count: Int, seed: UInt64 = 3, turned: Bool = true) -> [Tool] {
    var random = AlterationTests.SeededGenerator(state: seed &* 0x9E37_79B9_7F4A_7C15)
    return (0..<count).map { index in
      Tool(
        x: .random(in: 60...100, using: &random), y: .random(in: 50...70, using: &random),
        angle: turned ? .random(in: -Double.pi..<Double.pi, using: &random) : 0, seed: seed + UInt64(index))
    }
  }
}

struct AlignmentTests {
  static func alignment(_ kind: Alignment.Kind, _ tools: [Tool], channels: Int = 1) throws -> Alignment {
    let things = Alignment.Things(tools.map { Alignment.Found(in: $0.picture(channels: channels)) })
    #expect(things.share == 1)
    return try #require(Alignment(kind, of: things))
  }

  private static let shape = ImageShape(height: 48, width: 64, channels: 1)

  /// Of any file: nothing here asks which.
  private static var stamp: FileStamp {
    get throws { try FileStamp { () throws(SystemError) in try FilePath("/").status() } }
  }

  /// Mean difference of two images in grey levels.
  private static func difference(_ a: Bitmap, _ b: Bitmap) -> Double {
    zip(a.pixels, b.pixels).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) } / Double(a.pixels.count)
  }

  @Test("A ground of second degree is found though a thing covers some of the edge")
  func ground() throws {
    var tool = Tool()
    (tool.x, tool.y) = (12, 60)
    let image = tool.picture()
    let ground = try #require(Ground(of: image))
    let contrasts = ground.contrasts(of: image)[0]
    // Where the tool is not, noise of deviation 2 is left: the mean of thousands of such is 0 within 0.1, and a fit bent by the tool would
    // be off by many grey levels.
    let right = (0..<image.height).flatMap { row in
      (80..<image.width).map { contrasts.values[row * image.width + $0] }
    }
    #expect(abs(right.reduce(0, +) / Float(right.count)) < 0.3)
    #expect(ground.spread < 4)
    // The median distance of a uniform noise of deviation 2 is 3 / sqrt 3.
    #expect(ground.spread > 1)
    #expect(contrasts.values[60 * image.width + 20] < -60)
  }

  @Test("Otsu's threshold lies between two levels, whatever their shares; one level has none")
  func threshold() throws {
    for share in [1, 10, 50] {
      let values = (0..<100).map { Float($0 < share ? 80 : 3) + Float($0 % 3) }
      let threshold = try #require(Foreground.threshold(values))
      #expect(threshold > 5 && threshold < 80, "\(share): \(threshold)")
    }
    #expect(Foreground.threshold([0, 0, 0]) == nil)
  }

  @Test("What shows no single thing on a plain ground has none: plain, noise, waves, all dark but the edge")
  func nothing() {
    var random = AlterationTests.SeededGenerator(state: 5)
    let size = (96, 96)
    func image(_ level: (Int, Int) -> Double) -> Bitmap {
      Bitmap(
        width: size.0, height: size.1, channels: 1,
        pixels: (0..<size.0 * size.1).map { UInt8(min(max(level($0 % size.0, $0 / size.0), 0), 255)) })
    }
    let noise = image { _, _ in .random(in: 0...255, using: &random) }
    let waves = image { x, y in 128 + 100 * sin(Double(x) / 5) * cos(Double(y) / 7) }
    let full = image { x, y in min(x, y, 95 - x, 95 - y) < 3 ? 200 : 20 }
    for (name, picture) in [
      ("plain", image { _, _ in 128 }), ("noise", noise), ("waves", waves), ("full", full),
      ("tiny", Bitmap(width: 4, height: 4, channels: 1, filledWith: 7)),
    ] {
      #expect(Alignment.Found(in: picture) == nil, "\(name)")
    }
  }

  @Test("How a thing is turned is found to a degree and a half, wherever it lies")
  func angles() throws {
    let tools = Tool.some(30)
    let alignment = try Self.alignment(.turned, tools)
    let poses = try tools.map { try #require(alignment.pose(in: $0.picture())) }
    // The template lies level, one way or the other: all differ from the truth by the same turn.
    let differences = zip(poses, tools).map { $0.angle - $1.angle }
    let (c, s) = differences.reduce(into: (0.0, 0.0)) {
      $0.0 += cos($1)
      $0.1 += sin($1)
    }
    let common = atan2(s, c)
    for (difference, tool) in zip(differences, tools) {
      let off = abs(atan2(sin(difference - common), cos(difference - common)))
      #expect(off < 1.5 * Double.pi / 180, "\(tool.angle): off by \(off)")
    }
    // The peg leans it a little: the axis of the whole is level within its share, not by chance.
    #expect(abs(sin(common)) < 0.2, "\(common)")
  }

  @Test("Windows of one thing that lies anyhow are alike, but for its outline; a mirrored one is not")
  func windows() throws {
    let tools = Tool.some(30)
    let alignment = try Self.alignment(.turned, tools)
    func window(_ tool: Tool) -> Bitmap { alignment.aligned(tool.picture(), to: Self.shape).image }
    let known = window(tools[0])
    // An outline of some 190 pixels of a window of 100x50 or more, off by half a pixel of 90 grey levels, light that differs by 10 over a
    // ground that does not turn, and noise: 190 * 0.5 * 90 / 5000 = 1.7, and 5.
    for tool in Tool.some(10, seed: 40) {
      #expect(Self.difference(window(tool), known) < 7, "\(tool)")
      var mirrored = tool
      mirrored.isMirrored = true
      #expect(Self.difference(window(mirrored), known) > Self.difference(window(tool), known) + 2, "\(tool)")
    }
    let placed = try Self.alignment(.placed, tools)
    #expect(placed.kind == .placed && alignment.kind == .turned)
    let crossed = tools.dropFirst().map {
      Self.difference(
        placed.aligned($0.picture(), to: Self.shape).image,
        placed.aligned(tools[0].picture(), to: Self.shape).image)
    }
    #expect(
      crossed.reduce(0, +) / Double(crossed.count) > 12, "what is not turned differs by where the bar lies")
  }

  @Test("What is moved and not turned lies in the middle, and a window holds nearly all things whole")
  func placed() throws {
    let tools = Tool.some(40, turned: false)
    let alignment = try Self.alignment(.placed, tools)
    // From ring to end: 2 * 30 + 11, of which the middle of mass is somewhere; the longer side is 160.
    #expect(alignment.halfWidth > 71.0 / 2 / 160 && alignment.halfWidth < 71.0 / 160)
    let known = alignment.aligned(tools[0].picture(), to: Self.shape).image
    for tool in tools.dropFirst() {
      #expect(Self.difference(alignment.aligned(tool.picture(), to: Self.shape).image, known) < 7)
    }
  }

  @Test("A file keeps an alignment to the bit, and one that none can have is refused", arguments: [1, 3])
  func file(channels: Int) throws {
    for kind in Alignment.Kind.allCases {
      let alignment = try Self.alignment(kind, Tool.some(12), channels: channels)
      #expect(alignment.channels == channels)
      let data = try JSONEncoder().encode(alignment)
      #expect(try JSONDecoder().decode(Alignment.self, from: data) == alignment)
      let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      for (key, value) in [
        ("halfWidth", 0.0 as Any), ("halfHeight", 50.0), ("reach", -1.0), ("channels", 2),
        ("template", "AAAA"),
        ("channels", 4 - channels),
      ] where kind == .turned || key != "channels" || value as? Int == 2 {
        var other = object
        other[key] = value
        let bytes = try JSONSerialization.data(withJSONObject: other)
        #expect(throws: DecodingError.self, "\(key)") {
          try JSONDecoder().decode(Alignment.self, from: bytes)
        }
      }
    }
  }

  @Test("A map laid back lies over what it is of, and nothing beyond the window")
  func laidBack() throws {
    let tools = Tool.some(20)
    let alignment = try Self.alignment(.turned, tools)
    let shape = ImageShape(height: 96, width: 128, channels: 1)
    for tool in tools.prefix(5) {
      let image = tool.picture()
      let window = alignment.aligned(image, to: shape).image
      let map = alignment.laidBack(window.pixels.map { Double($0) }, shape, over: image)
      let reached = map.indices.filter { map[$0] > 0 }
      // The window's area, but for pixels on its edge.
      let (width, height) = (2 * alignment.halfWidth * 160, 2 * alignment.halfHeight * 160)
      #expect(abs(Double(reached.count) - width * height) < width + height, "\(reached.count)")
      // The window's pixels are about one of the image's: only outlines differ.
      let off = reached.reduce(0.0) { $0 + abs(map[$1] - Double(image.pixels[$1])) } / Double(reached.count)
      #expect(off < 6, "\(off)")
    }
  }

  @Test("A window moved by some of its pixels is found there, between pixels too")
  func offsets() throws {
    let alignment = try Self.alignment(.placed, Tool.some(12, turned: false))
    let found = try #require(Alignment.Found(in: Tool(noise: 0).picture()))
    let half = (alignment.halfWidth * found.longer, alignment.halfHeight * found.longer)
    let pitch = (2 * half.0 / Double(WindowView.side), 2 * half.1 / Double(WindowView.side))
    let lie = WindowView.Lie(x: 80, y: 60, angle: 0)
    let window = WindowView(found.thing, at: lie, half: half, size: WindowView.side)
    for (along, across) in [(0.0, 0.0), (3, -5), (-7, 6), (2.5, 0.5), (-1.3, 3.7)] {
      let moved = WindowView.Lie(x: 80 - along * pitch.0, y: 60 - across * pitch.1, angle: 0)
      let around = WindowView(found.thing, at: moved, half: half, size: WindowView.searched)
      let off = around.offset(of: window)
      // Half a pixel off at worst by the grid, and the parabola is nearer.
      #expect(abs(off.along - along) < 0.25 && abs(off.across - across) < 0.25, "\(along), \(across): \(off)")
    }
  }

  @Test("A change of the window changes the image there, by as much, and nowhere else")
  func changed() throws {
    let tools = Tool.some(12)
    let alignment = try Self.alignment(.turned, tools)
    let image = tools[3].picture()
    let pose = try #require(alignment.pose(in: image))
    let window = alignment.window(of: image, at: pose, Self.shape)
    #expect(alignment.changed(image, at: pose, from: window, to: window) == image)
    var other = window
    for i in other.pixels.indices { other.pixels[i] = window.pixels[i] - 20 }
    let changed = alignment.changed(image, at: pose, from: window, to: other)
    let differences = Set(zip(image.pixels, changed.pixels).map { Int($0) - Int($1) })
    #expect(differences == [0, 20], "\(differences)")
    let mask = try #require(alignment.mask(of: image, at: pose, Self.shape))
    // Marked is what is dark.
    let dark = zip(window.pixels, mask).count { ($0 < 140) == $1 }
    #expect(dark > mask.count * 95 / 100)
    // A mask that a person made of the image as it lies.
    var drawn = image
    for i in drawn.pixels.indices { drawn.pixels[i] = image.pixels[i] < 140 ? 255 : 0 }
    let marked = Mask(drawn).marked(in: Self.shape, aligning: image, by: alignment)
    #expect(zip(window.pixels, marked).count { ($0 < 140) == $1 } > marked.count * 95 / 100)
  }

  @Test(
    "Decoded files are aligned as pictures in memory are, in the channels wanted, and what shows nothing is told"
  )
  func decoded() throws {
    let tools = Tool.some(12)
    let alignment = try Self.alignment(.turned, tools)
    var decoder = ImageDecoder()
    decoder.alignment = alignment
    let picture = tools[5].picture()
    let file = EncodedImage(file: try picture.png(), try Self.stamp)
    for channels in [1, 3] {
      let shape = ImageShape(height: 32, width: 32, channels: channels)
      let found = try file.decoded(decoder, as: shape)
      #expect(found.bitmap == alignment.aligned(picture, to: shape).image)
      #expect(found.warning == nil && found.origin.width == picture.width)
      let pixels = try EncodedImage(pixels: picture, try Self.stamp).decoded(decoder, as: shape)
      #expect(pixels.bitmap == found.bitmap)
    }
    let plain = EncodedImage(
      pixels: Bitmap(width: 64, height: 64, channels: 1, filledWith: 9), try Self.stamp)
    let found = try plain.decoded(decoder, as: Self.shape)
    #expect(found.warning?.contains("nothing stands out") == true)
    #expect(found.bitmap.pixels.allSatisfy { $0 == 9 })
  }

  @Test("An image is shrunk within a side in proportion, whatever its kind, and never blown up")
  func within() throws {
    let picture = Tool(width: 640, height: 480, x: 320, y: 240, half: 120).picture()
    let decoder = ImageDecoder()
    for bytes in [try picture.png(), try picture.jpeg(quality: 95)] {
      let image = EncodedImage(file: bytes, try Self.stamp)
      let small = try image.decoded(decoder, within: 100, channels: 3).bitmap
      #expect(small.width == 100 && small.height == 75 && small.channels == 3)
      let same = try image.decoded(decoder, within: 1000, channels: 1)
      #expect(same.bitmap.width == 640 && same.origin.height == 480)
      // A JPEG that is shrunk in its transform is as one that is shrunk after.
      let whole = try image.decoded(decoder, within: 640, channels: 3).bitmap.resampled(
        width: 100, height: 75)
      #expect(Self.difference(small, whole) < 2)
    }
  }
}
