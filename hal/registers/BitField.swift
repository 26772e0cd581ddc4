/// `width` bits of a register, the lowest at bit `offset`.
///
/// Folds to a shift and a mask: `BitField<26, 6>.extract(esr)` is one `ubfx`.
///
///     typealias WordLength = BitField<5, 2>
///     let control = WordLength.insert(0b11, into: 0)
public enum BitField<let offset: Int, let width: Int> {
  /// The field's value in `word`, moved down to bit 0.
  @inlinable @inline(__always)
  public static func extract<Word: FixedWidthInteger & UnsignedInteger>(_ word: Word) -> Word {
    (word &>> Word(truncatingIfNeeded: offset)) & ones()
  }

  /// `word` with the field replaced by `value`, every other bit as it was. Traps on a value wider than the field.
  @inlinable @inline(__always)
  public static func insert<Word: FixedWidthInteger & UnsignedInteger>(_ value: Word, into word: Word) -> Word {
    precondition(value & ~ones() == 0, "value wider than its bit field")
    return (word & ~mask()) | (value &<< Word(truncatingIfNeeded: offset))
  }

  /// The field's bits set in place, every other bit clear.
  @inlinable @inline(__always)
  public static func mask<Word: FixedWidthInteger & UnsignedInteger>() -> Word {
    ones() &<< Word(truncatingIfNeeded: offset)
  }

  /// `width` ones from bit 0. Traps on a field that does not lie in the word.
  @inlinable @inline(__always)
  static func ones<Word: FixedWidthInteger & UnsignedInteger>() -> Word {
    precondition(offset >= 0 && width > 0 && offset + width <= Word.bitWidth, "bit field outside its word")
    return Word.max &>> Word(truncatingIfNeeded: Word.bitWidth - width)
  }
}
