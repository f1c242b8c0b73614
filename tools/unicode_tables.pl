#!/usr/bin/perl
# Which Unicode properties does the engine carry, and how are its tables made?
#
# Writes engine/analysis/word_break_table.cpp and engine/analysis/lower_case_table.cpp from the Unicode data that comes with
# Perl (5.36, as Debian 12 ships it, knows Unicode 14.0), and tests/unit/engine/analysis/word_break_cases.txt: random texts
# and the words that Perl's own \b{wb} finds in them. Run it from the top of the tree:
#   perl tools/unicode_tables.pl
# The class numbers are those of enum WordBreak in engine/analysis/word_break_table.hpp.
use strict;
use warnings;
use Unicode::UCD qw(prop_invmap);

my %number = (
    other => 0, a_letter => 1, hebrew => 2, numeric => 3, katakana => 4, extend_num_let => 5, mid_letter => 6, mid_num => 7,
    mid_num_let => 8, single_quote => 9, double_quote => 10, extend => 11, zwj => 12, regional => 13, complex => 14,
    han => 15, hiragana => 16, emoji => 17, emoji_text => 18, pictograph => 19,
);
my $letter_bit = 32;

# A code point's class. The word-break property decides; what it leaves as "other" is told apart by script and line break.
sub classOf {
    my ($c) = @_;
    return 'a_letter'       if $c =~ /\p{WB=ALetter}/;
    return 'hebrew'         if $c =~ /\p{WB=Hebrew_Letter}/;
    return 'numeric'        if $c =~ /\p{WB=Numeric}/;
    return 'katakana'       if $c =~ /\p{WB=Katakana}/;
    return 'extend_num_let' if $c =~ /\p{WB=ExtendNumLet}/;
    return 'mid_letter'     if $c =~ /\p{WB=MidLetter}/;
    return 'mid_num'        if $c =~ /\p{WB=MidNum}/;
    return 'mid_num_let'    if $c =~ /\p{WB=MidNumLet}/;
    return 'single_quote'   if $c =~ /\p{WB=Single_Quote}/;
    return 'double_quote'   if $c =~ /\p{WB=Double_Quote}/;
    return 'zwj'            if $c =~ /\p{WB=ZWJ}/;
    return 'extend'         if $c =~ /[\p{WB=Extend}\p{WB=Format}]/;
    return 'regional'       if $c =~ /\p{WB=Regional_Indicator}/;
    return 'complex'        if $c =~ /\p{lb=SA}/;
    # An emoji only when a variation selector says so: # * and five signs that are text in most writing.
    return 'emoji_text'     if $c =~ /[#*\x{a9}\x{ae}\x{2122}\x{3030}\x{303d}]/;
    return 'emoji'          if $c =~ /\p{Emoji}/;
    return 'han'            if $c =~ /\p{Script=Han}/;
    return 'hiragana'       if $c =~ /\p{Script=Hiragana}/;
    return 'pictograph'     if $c =~ /\p{Extended_Pictographic}/;
    return 'other';
}

sub isSurrogate { return $_[0] >= 0xd800 && $_[0] < 0xe000 }

# A two-stage table: `block` values each, equal blocks kept once.
sub twoStage {
    my ($block, @values) = @_;
    my (%seen, @index, @blocks);
    for (my $at = 0; $at < @values; $at += $block) {
        my @part = @values[$at .. $at + $block - 1];
        my $key = join ',', @part;
        if (!exists $seen{$key}) {
            $seen{$key} = scalar @blocks;
            push @blocks, \@part;
        }
        push @index, $seen{$key};
    }
    return (\@index, [map { @$_ } @blocks], scalar @blocks);
}

sub writeArray {
    my ($out, $declaration, @values) = @_;
    print $out "$declaration = {\n";
    my $line = '   ';
    for my $value (@values) {
        if (length($line) + length($value) + 2 > 119) {
            print $out "$line\n";
            $line = '   ';
        }
        $line .= " $value,";
    }
    print $out "$line\n};\n";
}

sub openTable {
    my ($path, $what) = @_;
    open(my $out, '>', $path) or die "$path: $!";
    my $version = Unicode::UCD::UnicodeVersion();
    print $out "// $what, Unicode $version. Made by tools/unicode_tables.pl; run it again instead of editing.\n";
    print $out "// clang-format off\n";
    print $out "#include \"$path\"\n\n" =~ s/\.cpp"/.hpp"/r;
    print $out "namespace gyre::engine::detail {\n\n";
    return $out;
}

sub writeWordBreaks {
    my @values;
    for my $code (0 .. 0x10ffff) {
        my $c = isSurrogate($code) ? ' ' : chr $code;
        push @values, $number{classOf($c)} + ($c =~ /\p{L}/ ? $letter_bit : 0);
    }
    my ($index, $classes, $count) = twoStage(128, @values);
    my $path = 'engine/analysis/word_break_table.cpp';
    my $out = openTable($path, 'Word-break class and letter bit of every code point');
    writeArray($out, 'const std::uint8_t kWordBreakIndex[8704]', @$index);
    print $out "\n";
    writeArray($out, "const std::uint8_t kWordBreakClasses[${\($count * 128)}]", @$classes);
    print $out "\n}  // namespace gyre::engine::detail\n";
    close $out;
    die "more blocks than a byte can number" if $count > 256;
}

# Runs of code points with the same distance to their lower case; `step` 2 where only every other one has one.
sub writeLowerCases {
    my ($starts, $maps, $format) = prop_invmap('Simple_Lowercase_Mapping');
    die "unexpected format $format" unless $format =~ /^a/;
    my @pairs;
    for my $i (0 .. $#$starts) {
        next if !$maps->[$i];
        my $end = $i < $#$starts ? $starts->[$i + 1] - 1 : 0x10ffff;
        push @pairs, map { [$_, $maps->[$i] + $_ - $starts->[$i] - $_] } $starts->[$i] .. $end;
    }
    my @runs;
    for my $pair (@pairs) {
        my ($code, $delta) = @$pair;
        my $run = $runs[-1];
        if ($run && $run->{delta} == $delta) {
            my $gap = $code - $run->{last};
            if ($gap <= 2 && ($run->{step} == 0 || $run->{step} == $gap)) {
                $run->{last} = $code;
                $run->{step} = $gap;
                next;
            }
        }
        push @runs, {first => $code, last => $code, delta => $delta, step => 0};
    }
    my $path = 'engine/analysis/lower_case_table.cpp';
    my $out = openTable($path, 'Simple lower case as runs of equal distance');
    printf $out "const LowerCaseRun kLowerCaseRuns[%d] = {\n", scalar @runs;
    printf $out "    {0x%x, 0x%x, %d, %d},\n", $_->{first}, $_->{last}, $_->{step} || 1, $_->{delta} for @runs;
    printf $out "};\nconst std::size_t kLowerCaseRunCount = %d;\n", scalar @runs;
    print $out "\n}  // namespace gyre::engine::detail\n";
    close $out;
}

sub hex4 { return join ' ', map { sprintf '%04X', ord } split //, $_[0] }

# One text a line: its code points, then those of each word behind a semicolon.
sub writeCases {
    my $joiner = "\x{200d}";
    my @alphabet = ('a', 'B', "\x{e9}", "\x{3a3}", "\x{416}", "\x{d55c}", "\x{5d0}", "\x{5d1}", '1', "\x{664}", "\x{30a2}",
        "\x{30fc}", '_', "\x{203f}", ':', "\x{b7}", ',', ';', '.', "\x{2019}", "'", '"', "\x{301}", "\x{ad}", $joiner, ' ', '!',
        '-', "\n", "\x{4e00}", "\x{3042}", "\x{1f600}", "\x{1f469}", "\x{2764}", "\x{1f1e6}\x{1f1e7}");
    my $emoji = qr/[\x{1f600}\x{1f469}\x{2764}]/;
    srand 20240229;
    my $path = 'tests/unit/engine/analysis/word_break_cases.txt';
    open(my $out, '>', $path) or die "$path: $!";
    print $out "# Made by tools/unicode_tables.pl from Perl's \\b{wb}.\n";
    my $made = 0;
    while ($made < 1000) {
        my $text = join '', map { $alphabet[rand @alphabet] } 1 .. 2 + int rand 9;
        # Out of the comparison: a joiner between no word and an emoji makes one segment, of which we keep the emoji alone.
        next if $text =~ /(?:^|[^\p{WB=ALetter}\p{WB=Numeric}\x{1f600}\x{1f469}\x{2764}])$joiner+$emoji/;
        next if $text =~ /[\x{301}\x{ad}]+$joiner+$emoji/ || $text =~ /$joiner+[\x{301}\x{ad}]+$joiner*$emoji/;
        my @words = grep {
            /[\p{WB=ALetter}\p{WB=Hebrew_Letter}\p{WB=Numeric}\p{WB=Katakana}]|^(?:[\x{4e00}\x{3042}\x{1f1e6}]|$emoji)/
        } split /\b{wb}/, $text;
        print $out join(';', hex4($text), map { hex4($_) } @words), "\n";
        ++$made;
    }
    close $out;
}

writeWordBreaks();
writeLowerCases();
writeCases();
