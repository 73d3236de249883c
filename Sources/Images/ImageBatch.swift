/// 8-bit images of one shape, one after another.
///
/// The unit in which images pass between layers: what one call decodes, scores, samples or trains on.
public struct ImageBatch: Sendable, Equatable {
  public let shape: ImageShape
  /// `[count, height, width, channels]`.
  public private(set) var pixels: [UInt8]
  /// What was measured of each image as its file held it; empty where nothing was of any.
  private var measured: [Measures?] = []

  /// - Parameter pixels: of whole images, `[N, height, width, channels]`.
  public init(shape: ImageShape, pixels: [UInt8] = []) {
    precondition(pixels.count % shape.count == 0, "pixels of whole images")
    self.shape = shape
    self.pixels = pixels
  }

  /// - Parameter images: all of `shape`.
  public init(shape: ImageShape, images: some Sequence<Bitmap>) {
    self.init(shape: shape)
    for image in images { append(image) }
  }

  /// How many images.
  public var count: Int { pixels.count / shape.count }
  public var isEmpty: Bool { pixels.isEmpty }
  public var indices: Range<Int> { 0..<count }

  public subscript(index: Int) -> Bitmap { Bitmap(shape: shape, pixels: Array(self.pixels(of: index))) }

  /// The images of a range, copied.
  public subscript(range: Range<Int>) -> ImageBatch {
    var result = ImageBatch(
      shape: shape, pixels: Array(pixels[range.lowerBound * shape.count..<range.upperBound * shape.count]))
    if !measured.isEmpty { result.measured = Array(measured[range]) }
    return result
  }

  /// The images at some places, in that order.
  public subscript(indices: some Sequence<Int>) -> ImageBatch {
    let indices = Array(indices)
    var result = ImageBatch(shape: shape, pixels: indices.flatMap { pixels(of: $0) })
    if !measured.isEmpty { result.measured = indices.map { measured[$0] } }
    return result
  }

  /// The first images, at most so many.
  public func prefix(_ most: Int) -> ImageBatch { self[0..<min(most, count)] }

  /// At most so many images, evenly spread.
  public func spread(_ most: Int) -> ImageBatch { self[places(spread: most)] }

  /// Where those are.
  package func places(spread most: Int) -> [Int] {
    Array(stride(from: 0, to: count, by: max(1, (count + most - 1) / most)))
  }

  /// Ranges of at most so many images that cover all of them, in order.
  public func parts(of most: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: most).map { $0..<min($0 + most, count) }
  }

  /// One image's values, `[height, width, channels]`, where they lie.
  public func pixels(of index: Int) -> ArraySlice<UInt8> {
    pixels[index * shape.count..<(index + 1) * shape.count]
  }

  /// What was measured of an image as its file held it; nil where nothing was.
  public func measures(of index: Int) -> Measures? { measured.isEmpty ? nil : measured[index] }

  /// - Parameters:
  ///   - image: of the batch's shape.
  ///   - measures: of the image as its file holds it.
  public mutating func append(_ image: Bitmap, measures: Measures? = nil) {
    precondition(image.shape == shape, "images of one shape")
    note([measures])
    pixels += image.pixels
  }

  /// Keeps what was measured of images that are about to be appended.
  private mutating func note(_ measures: [Measures?]) {
    guard !measured.isEmpty || measures.contains(where: { $0 != nil }) else { return }
    if measured.isEmpty { measured = [Measures?](repeating: nil, count: count) }
    measured += measures
  }

  /// The same images, their pixels made of those there are.
  package func converted(to shape: ImageShape, _ body: ([UInt8]) -> [UInt8]?) -> ImageBatch? {
    guard let pixels = body(pixels) else { return nil }
    var result = ImageBatch(shape: shape, pixels: pixels)
    result.measured = measured
    return result
  }

  /// - Parameter other: of the batch's shape.
  public mutating func append(contentsOf other: ImageBatch) {
    precondition(other.shape == shape, "images of one shape")
    note(other.indices.map { other.measures(of: $0) })
    pixels += other.pixels
  }

  /// Grey levels on the formulas' scale -1...1, `[count, height, width, channels]`.
  package var scaled: [Float] { pixels.map { Float($0) / 127.5 - 1 } }
}
